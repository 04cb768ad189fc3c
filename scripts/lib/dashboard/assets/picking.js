// Whatever says which file it shows (data-position) can be picked, on every page.

document.addEventListener("click", (event) => {
    const picked = event.target.closest("[data-position]");
    if (picked) {
        dash_clientside.set_props("picked", { data: Number(picked.dataset.position) });
    }
});

document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
        dash_clientside.set_props("picked", { data: null });
    }
});
