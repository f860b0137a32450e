// Written by `python -m viz.palette` from viz/palette.py; change that file, not this one.

/** @typedef {{label: string, outline: string, icon: string, colour: string}} Symbol */
/** @typedef {{label: string, meaning: string, dash: number[], width: number, colour: string, marker: string}} Stroke */
/** @type {{background: string, ink: string, secondary: string, highlight: string, focus: string, radius: number, seedFactor: number, eventFactor: number, font: string, sets: [string, string][], symbols: Record<string, Symbol>, standings: Record<string, Stroke>, polarities: Record<string, Stroke>}} */
export const PALETTE = {
 "background": "#fbfaf7",
 "ink": "#1d2a33",
 "secondary": "#4f5b64",
 "highlight": "#ffdd00",
 "focus": "#0b0c0c",
 "radius": 13.0,
 "seedFactor": 1.35,
 "eventFactor": 0.72,
 "font": "Arial, Helvetica, sans-serif",
 "sets": [
  [
   "#ecf1f3",
   "#dce7ef"
  ],
  [
   "#f6f0e4",
   "#f1e5d1"
  ],
  [
   "#eef2e7",
   "#e1ebd7"
  ],
  [
   "#f2edf1",
   "#eae0eb"
  ],
  [
   "#eaf1ef",
   "#d9e9e7"
  ],
  [
   "#f6ede9",
   "#f2e0db"
  ]
 ],
 "symbols": {
  "person_child": {
   "label": "Child or young person (under 18)",
   "outline": "M1 0A1 1 0 1 1 -1 0A1 1 0 1 1 1 0Z",
   "icon": "M0 -.62A.3 .3 0 1 1 0 -.02A.3 .3 0 1 1 0 -.62ZM-.56 .6C-.56 .22 -.32 .08 0 .08C.32 .08 .56 .22 .56 .6Z",
   "colour": "#1f6f8b"
  },
  "person_adult": {
   "label": "Adult",
   "outline": "M-.62 -.92H.62A.3 .3 0 0 1 .92 -.62V.62A.3 .3 0 0 1 .62 .92H-.62A.3 .3 0 0 1 -.92 .62V-.62A.3 .3 0 0 1 -.62 -.92Z",
   "icon": "M0 -.62A.3 .3 0 1 1 0 -.02A.3 .3 0 1 1 0 -.62ZM-.56 .6C-.56 .22 -.32 .08 0 .08C.32 .08 .56 .22 .56 .6Z",
   "colour": "#5d4a86"
  },
  "person_unknown": {
   "label": "Person, age not known",
   "outline": "M0 -1.05L.95 -.32L.62 .85H-.62L-.95 -.32Z",
   "icon": "M-.3 -.22C-.3 -.62 .36 -.64 .36 -.2C.36 .06 .08 .08 .08 .3H-.14C-.14 -.02 .12 -.06 .12 -.2C.12 -.36 -.1 -.36 -.1 -.22ZM-.03 .42A.13 .13 0 1 1 -.03 .68A.13 .13 0 1 1 -.03 .42Z",
   "colour": "#5a666e"
  },
  "place": {
   "label": "Place",
   "outline": "M0 1.15C-.3 .72 -.9 .3 -.9 -.25A.9 .9 0 1 1 .9 -.25C.9 .3 .3 .72 0 1.15Z",
   "icon": "M0 -.58A.34 .34 0 1 1 0 .1A.34 .34 0 1 1 0 -.58Z",
   "colour": "#8a5523"
  },
  "school": {
   "label": "School",
   "outline": "M0 -1.1L1.05 -.3V.9H-1.05V-.3Z",
   "icon": "M-.7 0H-.36V.34H-.7ZM.36 0H.7V.34H.36ZM-.2 .9V.3H.2V.9ZM-.14 -.5H.14V-.14H-.14Z",
   "colour": "#2d6a4c"
  },
  "group": {
   "label": "Peer group",
   "outline": "M-.55 -.95H.55L1.1 0L.55 .95H-.55L-1.1 0Z",
   "icon": "M-.36 -.42A.2 .2 0 1 1 -.36 -.02A.2 .2 0 1 1 -.36 -.42ZM.36 -.42A.2 .2 0 1 1 .36 -.02A.2 .2 0 1 1 .36 -.42ZM-.74 .46C-.74 .18 -.58 .06 -.36 .06C-.14 .06 .02 .18 .02 .46ZM.06 .46C.06 .3 .04 .2 -.02 .14C.06 .08 .2 .06 .36 .06C.58 .06 .74 .18 .74 .46Z",
   "colour": "#6b6420"
  },
  "event": {
   "label": "Event",
   "outline": "M0 -1.1L1.1 .85H-1.1Z",
   "icon": "M-.12 -.45H.12L.08 .2H-.08ZM-.13 .36H.13V.6H-.13Z",
   "colour": "#80405f"
  },
  "operation": {
   "label": "Operation",
   "outline": "M-.42 -1H.42L1 -.42V.42L.42 1H-.42L-1 .42V-.42Z",
   "icon": "M0 -.55L.46 -.36V0C.46 .3 .24 .5 0 .62C-.24 .5 -.46 .3 -.46 0V-.36Z",
   "colour": "#33424d"
  },
  "vehicle": {
   "label": "Vehicle",
   "outline": "M-.9 -.7H.9A.25 .25 0 0 1 1.15 -.45V.45A.25 .25 0 0 1 .9 .7H-.9A.25 .25 0 0 1 -1.15 .45V-.45A.25 .25 0 0 1 -.9 -.7Z",
   "icon": "M-.7 .12L-.42 -.36H.36L.6 -.06H.76V.26H-.7ZM-.36 .16A.16 .16 0 1 1 -.36 .48A.16 .16 0 1 1 -.36 .16ZM.4 .16A.16 .16 0 1 1 .4 .48A.16 .16 0 1 1 .4 .16Z",
   "colour": "#46597a"
  },
  "phone": {
   "label": "Phone",
   "outline": "M-.45 -1.05H.45A.2 .2 0 0 1 .65 -.85V.85A.2 .2 0 0 1 .45 1.05H-.45A.2 .2 0 0 1 -.65 .85V-.85A.2 .2 0 0 1 -.45 -1.05Z",
   "icon": "M-.42 -.78H.42V.48H-.42ZM-.1 .64H.1V.84H-.1Z",
   "colour": "#46597a"
  },
  "account": {
   "label": "Online account",
   "outline": "M-.85 -.85H.85A.2 .2 0 0 1 1.05 -.65V.35A.2 .2 0 0 1 .85 .55H-.1L-.55 1.05V.55H-.85A.2 .2 0 0 1 -1.05 .35V-.65A.2 .2 0 0 1 -.85 -.85Z",
   "icon": "M-.62 -.5H.62V-.3H-.62ZM-.62 -.1H.3V.1H-.62Z",
   "colour": "#46597a"
  }
 },
 "standings": {
  "confirmed": {
   "label": "Confirmed",
   "meaning": "a strong graded report, or two independent sources",
   "dash": [],
   "width": 2.0,
   "colour": "",
   "marker": ""
  },
  "unconfirmed": {
   "label": "Unconfirmed",
   "meaning": "reported, not yet supported by a second source",
   "dash": [
    7.0,
    4.0
   ],
   "width": 1.7,
   "colour": "",
   "marker": ""
  },
  "tentative": {
   "label": "Tentative",
   "meaning": "every report is doubtful",
   "dash": [
    1.5,
    4.0
   ],
   "width": 1.7,
   "colour": "",
   "marker": ""
  }
 },
 "polarities": {
  "concern": {
   "label": "Concern",
   "meaning": "the tie itself is a worry",
   "dash": [],
   "width": 1.6,
   "colour": "#a33a2c",
   "marker": "M0 -1.15L1.15 0L0 1.15L-1.15 0Z"
  },
  "neutral": {
   "label": "Neutral",
   "meaning": "says neither good nor bad",
   "dash": [],
   "width": 1.6,
   "colour": "#67737c",
   "marker": ""
  },
  "protective": {
   "label": "Protective",
   "meaning": "somebody or somewhere that keeps safe",
   "dash": [],
   "width": 1.6,
   "colour": "#1f7350",
   "marker": "M-.3 -1H.3V-.3H1V.3H.3V1H-.3V.3H-1V-.3H-.3Z"
  }
 }
};
