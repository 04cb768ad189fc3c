// A button that says what it does (data-act, data-value) puts that into a store of its page.

document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (button && !button.disabled) {
        const value = { ...JSON.parse(button.dataset.value), at: Date.now() };
        dash_clientside.set_props(button.dataset.act, { data: value });
    }
});
