// Stands before everything else in a page that is tested, and notes what goes wrong in it.

window.faults = [];
window.addEventListener("error", (event) => window.faults.push(String(event.message)));
window.addEventListener("unhandledrejection", (event) => window.faults.push(String(event.reason)));
window.addEventListener("securitypolicyviolation", (event) => {
  window.faults.push(`${event.violatedDirective} forbids ${event.blockedURI}`);
});
for (const kind of ["error", "warn"]) {
  console[kind] = (...words) => window.faults.push(words.join(" "));
}
