// Shows how far an analysis in the background is; the page is loaded anew when it has ended.

const part = /** @type {HTMLElement|null} */ (document.querySelector("[data-kith-job]"));
const EVERY = 1000;

/** @param {HTMLElement} root */
async function look(root) {
  const answer = await fetch(`/api/v1/analyses/${root.dataset.kithJob}`, { credentials: "same-origin" });
  if (!answer.ok) return;
  const job = await answer.json();
  if (job.state !== "running") {
    location.replace("/flags#analysis");
    location.reload();
    return;
  }
  const bar = /** @type {HTMLProgressElement} */ (document.getElementById("job-share"));
  const words = /** @type {HTMLElement} */ (document.getElementById("job-words"));
  bar.value = Math.round(100 * job.share);
  const said = job.words.charAt(0).toUpperCase() + job.words.slice(1);
  if (words.textContent !== said) words.textContent = said;
  setTimeout(() => void look(root).catch(() => {}), EVERY);
}

if (part) void look(part).catch(() => {});
