// A button that says what it does (data-act, data-value) puts that into a store of its page; one that names a
// key (data-key) is pressed by that key, too, while its page is shown and nothing is written.

{
    document.addEventListener("click", (event) => {
        const button = event.target.closest("[data-act]");
        if (button && !button.disabled) {
            const value = { ...JSON.parse(button.dataset.value), at: Date.now() };
            dash_clientside.set_props(button.dataset.act, { data: value });
        }
    });

    document.addEventListener("keydown", (event) => {
        const elsewhere = event.target.closest("#details, input, select, textarea, [contenteditable], [role=slider]");
        if (elsewhere || event.ctrlKey || event.metaKey || event.altKey || event.repeat) {
            return;
        }
        const buttons = [...document.querySelectorAll("[data-key]")];
        const button = buttons.find((each) => each.dataset.key === event.key && each.offsetParent && !each.disabled);
        if (button) {
            event.preventDefault();
            button.click();
        }
    });

    // What an action changes is drawn anew, and the button with it: its successor gets the focus, or
    // what is called the home of its page.

    const called = (button) => button.dataset.act + (button.getAttribute("aria-label") ?? button.textContent);
    let lastAct = null;

    document.addEventListener("focusin", (event) => {
        const button = event.target.closest("[data-act]");
        if (!event.target.closest("[data-home]")) {
            lastAct = button ? called(button) : null;
        }
    });

    new MutationObserver(() => {
        if (lastAct && document.activeElement === document.body) {
            const same = [...document.querySelectorAll("[data-act]")].find((each) => called(each) === lastAct);
            const home = [...document.querySelectorAll("[data-home]")].find((each) => each.offsetParent);
            (same && !same.disabled ? same : home)?.focus({ preventScroll: true });
        }
    }).observe(document.documentElement, { childList: true, subtree: true });

    // What was said of an action goes after a while, and what went wrong later.

    const SAID_MILLISECONDS = 12000;
    const WRONG_MILLISECONDS = 45000;
    let saidTimer = null;

    new MutationObserver((changes) => {
        const said = changes.map((each) => (each.target.closest ?? (() => null)).call(each.target, ".said")).find(Boolean);
        if (said) {
            clearTimeout(saidTimer);
            said.removeAttribute("data-old");
            const wait = said.textContent.startsWith("Not saved") ? WRONG_MILLISECONDS : SAID_MILLISECONDS;
            saidTimer = setTimeout(() => said.setAttribute("data-old", ""), wait);
        }
    }).observe(document.documentElement, { childList: true, subtree: true });
}
