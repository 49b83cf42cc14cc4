"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const svgElement = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);

  // Charts: the values of the epoch under the pointer, or chosen by the arrow keys.
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("role", "status");
  tip.hidden = true;
  document.body.append(tip);
  for (const chart of document.querySelectorAll(".chart svg")) {
    const hits = [...chart.querySelectorAll(".hits rect")];
    const cursor = svgElement("g");
    cursor.setAttribute("class", "cursor");
    chart.querySelector(".hits").before(cursor);
    chart.setAttribute("tabindex", "0");
    let at = hits.length;
    const hide = () => {
      tip.hidden = true;
      cursor.replaceChildren();
    };
    const show = (index) => {
      at = Math.max(0, Math.min(hits.length - 1, index));
      const hit = hits[at];
      const rule = svgElement("line");
      rule.setAttribute("x1", hit.dataset.x);
      rule.setAttribute("x2", hit.dataset.x);
      rule.setAttribute("y1", hit.getAttribute("y"));
      rule.setAttribute("y2", +hit.getAttribute("y") + +hit.getAttribute("height"));
      const heading = document.createElement("b");
      heading.textContent = hit.dataset.heading;
      const rows = [heading];
      const dots = [rule];
      for (const value of hit.dataset.values.split(";").filter(Boolean)) {
        const [look, name, text, y] = value.split("|");
        const dot = svgElement("circle");
        dot.setAttribute("class", look);
        dot.setAttribute("cx", hit.dataset.x);
        dot.setAttribute("cy", y);
        dot.setAttribute("r", "4");
        dots.push(dot);
        const row = document.createElement("div");
        const swatch = document.createElement("span");
        swatch.className = "swatch " + look;
        const number = document.createElement("span");
        number.className = "number";
        number.textContent = text;
        row.append(swatch, name + " ", number);
        rows.push(row);
      }
      cursor.replaceChildren(...dots);
      tip.replaceChildren(...rows);
      tip.hidden = false;
      const box = chart.getBoundingClientRect();
      const x = box.left + (hit.dataset.x / chart.viewBox.baseVal.width) * box.width;
      const width = tip.offsetWidth;
      const left = x + 14 + width > root.clientWidth ? x - 14 - width : x + 14;
      tip.style.left = Math.max(4, left) + scrollX + "px";
      tip.style.top = box.top + scrollY + 8 + "px";
    };
    hits.forEach((hit, index) => {
      // The browser's own tip, for those without a script.
      hit.querySelector("title").remove();
      hit.addEventListener("pointerenter", () => show(index));
    });
    chart.addEventListener("pointerleave", hide);
    chart.addEventListener("blur", hide);
    chart.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return hide();
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      show(at + step);
    });
  }

  // The heat map: a number opens its images. Escape closes, which a dialog does itself.
  const dialog = document.getElementById("images");
  const body = dialog.querySelector("div");
  const open = (id) => {
    const field = document.getElementById(id);
    if (!field || !field.classList.contains("field")) return false;
    const images = field.cloneNode(true);
    images.removeAttribute("id");
    images.querySelector("h4").id = "images-title";
    body.replaceChildren(...images.childNodes);
    dialog.showModal();
    body.parentElement.scrollTop = 0;
    return true;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && open(link.hash.slice(1))) event.preventDefault();
    if (event.target === dialog) dialog.close();
  });
  for (const matrix of document.querySelectorAll(".matrix")) {
    matrix.addEventListener("keydown", (event) => {
      const [down, right] =
        { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] || [0, 0];
      const cell = event.target.closest("td");
      if (!cell || (!down && !right)) return;
      event.preventDefault();
      let [row, column] = [cell.parentElement.sectionRowIndex + down, cell.cellIndex + right];
      const rows = matrix.tBodies[0].rows;
      while (rows[row] && rows[row].cells[column]) {
        const link = rows[row].cells[column].querySelector("a");
        if (link) return link.focus();
        row += down;
        column += right;
      }
    });
  }
  if (location.hash) open(location.hash.slice(1));

  // Commands and files can be copied.
  for (const block of document.querySelectorAll("pre")) {
    if (!navigator.clipboard) break;
    const button = document.createElement("button");
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
    block.append(button);
  }

  // Which section is read.
  const links = new Map([...document.querySelectorAll(".contents a")].map((a) => [a.hash.slice(1), a]));
  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        for (const link of links.values()) link.removeAttribute("aria-current");
        links.get(entry.target.id)?.setAttribute("aria-current", "true");
      }
    },
    { rootMargin: "-20% 0px -70% 0px" },
  );
  for (const section of document.querySelectorAll("main > section")) seen.observe(section);

  // On paper, nothing can be opened.
  const folded = document.querySelectorAll("details:not(.file)");
  addEventListener("beforeprint", () => folded.forEach((part) => (part.open = true)));
})();
