/** Thumbnails move the stage sideways instead of jumping the page, and show which picture is on it. */
export function startGalleries(root) {
  for (const gallery of root.querySelectorAll("[data-gallery]")) {
    const stage = gallery.querySelector(".gallery__stage");
    const links = [...gallery.querySelectorAll(".gallery__thumbs a")];
    links.forEach((link, index) =>
      link.addEventListener("click", (event) => {
        event.preventDefault();
        stage.scrollTo({ left: stage.children[index].offsetLeft - stage.children[0].offsetLeft });
      }),
    );
    stage.addEventListener(
      "scroll",
      () => {
        const shown = Math.round(stage.scrollLeft / stage.clientWidth);
        links.forEach((link, index) => (index === shown ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current")));
      },
      { passive: true },
    );
  }
}
