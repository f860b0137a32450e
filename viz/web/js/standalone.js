// @ts-nocheck: plain script beside the inlined library
"use strict";
// Starts the stand-alone page: reads the data elements, draws with the preset positions, tells what is chosen.
(function () {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const nodes = read("kith-nodes");
  const edges = read("kith-edges");
  const network = new vis.Network(document.getElementById("kith-network"), { nodes: new vis.DataSet(nodes), edges: new vis.DataSet(edges) },
    read("kith-options"));
  const chosen = document.getElementById("kith-chosen");
  const rows = document.querySelectorAll("#kith-ties tbody tr");
  const tell = (title, ties) => {
    const list = document.createElement("ul");
    for (const tie of ties) {
      const item = document.createElement("li");
      item.textContent = edges[tie].title;
      list.append(item);
    }
    const head = document.createElement("h2");
    head.textContent = title;
    chosen.replaceChildren(head, list);
    rows.forEach((row, at) => row.classList.toggle("chosen", ties.includes(at)));
  };
  network.on("click", (event) => {
    if (event.nodes.length) tell(nodes[event.nodes[0]].title, network.getConnectedEdges(event.nodes[0]));
    else if (event.edges.length) tell("Tie", [event.edges[0]]);
    else {
      chosen.replaceChildren();
      rows.forEach((row) => row.classList.remove("chosen"));
    }
  });
  const zoom = (factor) => network.moveTo({ scale: network.getScale() * factor });
  document.getElementById("kith-in").addEventListener("click", () => zoom(1.3));
  document.getElementById("kith-out").addEventListener("click", () => zoom(1 / 1.3));
  document.getElementById("kith-all").addEventListener("click", () => network.fit());
  network.once("afterDrawing", () => {
    network.fit({ maxZoomLevel: 1.5 });
    document.documentElement.dataset.ready = "true";
  });
})();
