// What Dash's controls lack for screen readers. They come and go, so they are looked for after each change.

function complete() {
    for (const input of document.querySelectorAll(".dash-dropdown-focus-target[tabindex='0']")) {
        input.tabIndex = -1; // hidden from screen readers, and the button beside it has the focus
    }
    for (const input of document.querySelectorAll("input[type='file']:not([aria-label])")) {
        const label = input.parentElement.innerText.trim();
        if (label) {
            input.setAttribute("aria-label", label);
        }
    }
}

new MutationObserver(complete).observe(document, { childList: true, subtree: true });
