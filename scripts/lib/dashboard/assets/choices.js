// Buttons that are pressed or not, and lists: what is chosen becomes the value of a store.

(() => {
    const valueOf = (each) => JSON.parse(each.dataset.value);
    const press = (each, pressed) => each.setAttribute("aria-pressed", String(pressed));

    document.addEventListener("click", (event) => {
        const button = event.target.closest("button[data-choice]");
        if (!button) return;
        const all = [...button.parentElement.querySelectorAll("button[data-choice]")];
        if (button.parentElement.dataset.kind === "one") {
            all.forEach((each) => press(each, each === button));
            dash_clientside.set_props(button.dataset.choice, { data: valueOf(button) });
        } else {
            press(button, button.getAttribute("aria-pressed") !== "true");
            const pressed = all.filter((each) => each.getAttribute("aria-pressed") === "true");
            dash_clientside.set_props(button.dataset.choice, { data: pressed.map(valueOf) });
        }
    });

    document.addEventListener("change", (event) => {
        const list = event.target.closest("select[data-choice]");
        if (list) dash_clientside.set_props(list.dataset.choice, { data: JSON.parse(list.value) });
    });

    // Only what has a text is shown of the buttons or lines that a field of search stands above.
    document.addEventListener("input", (event) => {
        const within = event.target.closest("[data-narrows]");
        if (!within) return;
        const wanted = event.target.value.toLowerCase();
        for (const each of document.querySelectorAll(within.dataset.narrows)) {
            each.hidden = !each.textContent.toLowerCase().includes(wanted);
        }
    });

    window.unchoose = (store) => {
        for (const each of document.querySelectorAll(`[data-choice="${store}"]`)) {
            if (each.tagName === "SELECT") each.value = "null";
            else press(each, false);
        }
    };
})();
