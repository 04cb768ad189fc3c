// A name that was typed is saved when its field is left; Enter goes to the next one, Escape takes it back.

{
    const nameField = (event) => event.target.matches?.("[data-cluster-name] input") && event.target;

    document.addEventListener("focusin", (event) => {
        const field = nameField(event);
        if (field) {
            field.dataset.before = field.value;
        }
    });

    document.addEventListener("focusout", (event) => {
        const field = nameField(event);
        if (field && field.value.trim() !== field.dataset.before) {
            const cluster = Number(field.closest("[data-cluster-name]").dataset.clusterName);
            dash_clientside.set_props("clusters-rename", { data: { cluster, name: field.value, at: Date.now() } });
        }
    });

    document.addEventListener("keydown", (event) => {
        const field = nameField(event);
        if (field && event.key === "Enter") {
            const fields = [...document.querySelectorAll("[data-cluster-name] input")].filter((each) => each.offsetParent);
            const next = fields[fields.indexOf(field) + 1];
            next ? next.focus() : field.blur();
            next?.select();
        } else if (field && event.key === "Escape") {
            const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
            setter.call(field, field.dataset.before);
            field.dispatchEvent(new Event("input", { bubbles: true }));
            event.stopPropagation();
        }
    });
}
