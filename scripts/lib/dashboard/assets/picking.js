// Whatever says which file it shows (data-position) can be picked, on every page. The details of that file are
// a drawer beside the page, or a sheet before it where there is no room.

(() => {
    const narrow = window.matchMedia("(max-width: 800px)");
    const ARROWS = { ArrowLeft: "details-back", ArrowRight: "details-forth" };
    let opener = null; // what had the focus when the details were opened

    const drawer = () => document.getElementById("details");

    function pick(position) {
        dash_clientside.set_props("picked", { data: position });
    }

    document.addEventListener("click", (event) => {
        const picked = event.target.closest("[data-position]");
        if (!picked) {
            return;
        }
        if (!picked.closest("#details")) {
            opener = picked;
        }
        pick(Number(picked.dataset.position));
    });

    document.addEventListener("click", (event) => {
        if (narrow.matches && event.target.closest("#details a[href^='/search']")) {
            pick(null); // the sheet would hide what is found
        }
    });

    document.addEventListener("keydown", (event) => {
        const inside = drawer()?.contains(event.target);
        if (event.key === "Escape" && !drawer()?.hidden) {
            pick(null);
        } else if (event.key in ARROWS && inside && !event.altKey && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            document.getElementById(ARROWS[event.key]).click();
        }
    });

    // The focus goes to the details when they open, and back when they close; a sheet hides the rest.
    function follow() {
        const open = !drawer().hidden;
        for (const rest of document.querySelectorAll("#shell > header, #pages")) {
            rest.inert = open && narrow.matches;
        }
        if (open === follow.wasOpen) {
            return;
        }
        follow.wasOpen = open;
        if (open) {
            opener = opener?.isConnected ? opener : document.activeElement;
            drawer().focus({ preventScroll: true });
        } else {
            opener?.focus?.({ preventScroll: true });
            opener = null;
        }
    }
    follow.wasOpen = false;

    function watch() {
        if (drawer() && drawer() !== watch.watched) {
            watch.watched = drawer();
            new MutationObserver(follow).observe(drawer(), { attributeFilter: ["hidden"] });
            new MutationObserver(() => {
                drawer().scrollTop = 0;
                if (follow.wasOpen && document.activeElement === document.body) {
                    drawer().focus({ preventScroll: true }); // what had the focus is gone
                }
            }).observe(document.getElementById("details-content"), { childList: true, subtree: true });
            narrow.addEventListener("change", follow);
        }
    }

    new MutationObserver(watch).observe(document, { childList: true, subtree: true });
})();
