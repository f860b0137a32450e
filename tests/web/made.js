// A small invented map: Ana - Ben - Cai in a row, Dee apart, a park, a peer group of Ana and Ben.

export function made() {
  return {
    id: "person:1", title: "Around Ana", kind: "person", seeds: ["person:1"], marking: "OFFICIAL", audience: "test",
    purpose: "test", as_at: "2026-10-01", known_at: null, made_at: "2026-11-23T10:00:00Z",
    nodes: {
      id: ["person:1", "person:2", "person:3", "person:4", "place:5", "group:6"],
      kind: ["person", "person", "person", "person", "place", "group"],
      label: ["Ana Ávila", "Ben Brook", "Cai Croft", "Dee Dale", "Linden Park", "Park friends"],
      x: [0, 100, 200, 0, 100, 50], y: [0, 0, 0, 400, 100, -60],
      hop: [0, 1, 2, 3, 1, 1], degree: [3, 3, 250, 0, 2, 2], group: [0, 0, 0, 1, 0, 0],
      age_band: ["child", "child", "adult", "unknown", null, null],
      detail: ["Child, aged 15", "Child, aged 14", "Adult, aged 30", "Age not known", "Park", "Peer group"],
      url: ["/entities/person:1", null, null, null, null, null], hub: [0, 0, 1, 0, 0, 0],
    },
    ties: {
      id: ["T1", "T2", "T3", "T4", "T5", "T6"],
      source: [0, 1, 2, 0, 0, 1], target: [1, 2, 1, 4, 5, 5],
      type: ["friend_of", "seen_with", "targets", "frequents", "member_of", "member_of"],
      label: ["Friend of", "Seen with", "Targets", "Often goes to", "Spends time in", "Spends time in"],
      sentence: ["Ana and Ben are reported to be friends.", "Seen together.", "Cai is reported to target Ben.", "Goes often.", "One of.", "One of."],
      polarity: ["neutral", "neutral", "concern", "protective", "neutral", "neutral"],
      standing: ["confirmed", "unconfirmed", "tentative", "confirmed", "confirmed", "confirmed"],
      start: ["2026-01-01", "2026-05-01", null, "2025-01-01", null, null],
      end: [null, "2026-06-30", null, "2025-12-31", null, null],
      reports: [2, 1, 0, 1, 1, 1], agencies: [["health", "police"], ["police"], [], ["police"], ["police"], ["police"]],
      grades: [["3x5x2 1 A", "not graded by police"], ["3x5x2 3 D"], [], ["3x5x2 1 A"], ["3x5x2 1 A"], ["3x5x2 1 A"]],
      qualifier: [null, null, null, null, null, null], url: ["/ties/T1", null, null, null, null, null],
      directed: [0, 0, 1, 1, 1, 1],
    },
    sets: [{ id: "group:6", label: "Park friends", members: [0, 1] }],
    type_labels: { friend_of: "Friend of" }, kind_labels: { person: "Person", place: "Place", group: "Peer group" },
    agency_labels: { police: "Police", health: "Health" }, cut: [2], truncated: false, hidden: null,
  };
}
