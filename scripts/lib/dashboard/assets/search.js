// The framework takes no notice of a file that is too large. Whoever chose it is told here.

{
    const tell = (event, files) => {
        const field = event.target.closest?.("[data-most-bytes]");
        const most = Number(field?.dataset.mostBytes);
        if ([...(files || [])].some((file) => file.size > most)) {
            const children = `The file is larger than ${most / 1e6} MB: choose a smaller copy of it.`;
            dash_clientside.set_props("search-hits", { children: [] });
            dash_clientside.set_props("search-said", { children });
        }
    };

    document.addEventListener("change", (event) => tell(event, event.target.files), true);
    document.addEventListener("drop", (event) => tell(event, event.dataTransfer?.files), true);
}
