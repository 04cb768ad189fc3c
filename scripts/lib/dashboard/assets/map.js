// What the map does without the server: tools, tooltip, and which part and selection is asked for.

(() => {
    const WHEEL_REST = 160, STEP = 0.2;
    let asked = 0, windowTimer = 0, picture = null, under = null, loading = null;
    const pointer = { x: 0, y: 0 }, pressed = { x: 0, y: 0 };

    const graph = () => document.querySelector("#map-graph .js-plotly-plot");
    const tell = (id, data) => dash_clientside.set_props(id, { data });
    const layoutOf = (gd) => (gd && gd._fullLayout) || {};
    const isFlat = (gd) => Boolean(layoutOf(gd).xaxis && layoutOf(gd)._has("cartesian"));
    const sides = (gd) => [...gd._fullLayout.xaxis.range, ...gd._fullLayout.yaxis.range];

    // The part that is shown

    function show(gd, [left, right, bottom, top]) {
        Plotly.relayout(gd, { "xaxis.range": [left, right], "yaxis.range": [bottom, top] });
    }

    function zoom(gd, factor) {
        if (isFlat(gd)) {
            const [left, right, bottom, top] = sides(gd);
            const x = (left + right) / 2, y = (bottom + top) / 2;
            const wide = (right - left) * factor / 2, high = (top - bottom) * factor / 2;
            show(gd, [x - wide, x + wide, y - high, y + high]);
        } else {
            const eye = gd._fullLayout.scene._scene.getCamera().eye;
            Plotly.relayout(gd, "scene.camera.eye", { x: eye.x * factor, y: eye.y * factor, z: eye.z * factor });
        }
    }

    function move(gd, x, y) {
        const [left, right, bottom, top] = sides(gd);
        const wide = (right - left) * x, high = (top - bottom) * y;
        show(gd, [left + wide, right + wide, bottom + high, top + high]);
    }

    function home(gd) {
        const whole = isFlat(gd) && gd.layout.meta && gd.layout.meta.home;
        if (whole) {
            show(gd, whole);
            clearTimeout(windowTimer);
            tell("map-window", null);
        } else {
            Plotly.relayout(gd, "scene.camera", { eye: gd.layout.meta.eye });
        }
    }

    function relayouted(change) {
        const gd = graph();
        if (isFlat(gd) && Object.keys(change || {}).some((key) => /^[xy]axis/.test(key))) {
            clearTimeout(windowTimer);
            windowTimer = setTimeout(() => tell("map-window", sides(gd)), WHEEL_REST);
        }
    }

    // Selections

    const rectangle = ([left, right], [bottom, top]) =>
        [[left, bottom], [right, bottom], [right, top], [left, top]];

    let areas = [];
    function select(area, add) {
        areas = add ? [...areas, area] : [area];
        tell("map-selection", { areas });
    }

    function toggle(entry) {
        const { group, code } = entry.dataset;
        const others = [...document.querySelectorAll(`#map-legend [data-group][aria-pressed=true]`)]
            .map((each) => Number(each.dataset.code)).filter((each) => each !== Number(code));
        const codes = entry.getAttribute("aria-pressed") === "true" ? others : [...others, Number(code)];
        areas = [];
        tell("map-selection", codes.length ? { by: group, codes } : null);
    }

    // Lasso and box are drawn here, not by Plotly, which would test every point at every move of the pointer.

    const SVG = "http://www.w3.org/2000/svg", NEAR = 3;
    let mode = "pan", trail = null;

    function pen() {
        const place = document.getElementById("map-place");
        let found = place.querySelector("svg.pen");
        if (!found) {
            found = document.createElementNS(SVG, "svg");
            found.setAttribute("class", "pen");
            found.setAttribute("aria-hidden", "true");
            found.append(document.createElementNS(SVG, "polygon"));
            place.append(found);
        }
        return found.firstChild;
    }

    const corners = () => {
        const [first, last] = [trail[0], trail[trail.length - 1]];
        return mode === "lasso" ? trail : rectangle([first[0], last[0]], [first[1], last[1]]);
    };

    function within(event) {
        const { left, top } = document.getElementById("map-place").getBoundingClientRect();
        return [event.clientX - left, event.clientY - top];
    }

    function press(event) {
        const gd = graph();
        if (mode === "pan" || event.button !== 0 || !isFlat(gd) || !event.target.closest("#map-graph")) return;
        trail = [within(event)];
        event.stopPropagation();
        event.preventDefault();
        unhovered();
    }

    function drag(event) {
        if (!trail) return;
        const here = within(event), last = trail[trail.length - 1];
        if (Math.hypot(here[0] - last[0], here[1] - last[1]) < NEAR) return;
        trail.push(here);
        pen().setAttribute("points", corners().map((each) => each.join(",")).join(" "));
        event.stopPropagation();
    }

    function release(event) {
        if (!trail) return;
        const gd = graph(), { xaxis, yaxis } = gd._fullLayout, drawn = corners();
        const is_area = trail.length > 1;
        trail = null;
        pen().setAttribute("points", "");
        if (is_area && event.type === "pointerup") {
            select(drawn.map(([x, y]) => [xaxis.p2d(x - xaxis._offset), yaxis.p2d(y - yaxis._offset)]), event.shiftKey);
        }
    }

    // Plotly listens to the events of mouse and finger, which follow those of the pointer.
    function keepFromPlotly(event) {
        if (trail) event.stopPropagation();
    }

    addEventListener("pointerdown", press, true);
    addEventListener("pointermove", drag, true);
    addEventListener("pointerup", release, true);
    addEventListener("pointercancel", release, true);
    for (const kind of ["mousedown", "mousemove", "touchstart", "touchmove"]) {
        addEventListener(kind, keepFromPlotly, { capture: true, passive: true });
    }

    // The tooltip

    function tip() {
        let found = document.getElementById("map-tooltip");
        if (!found) {
            found = document.createElement("div");
            found.id = "map-tooltip";
            found.hidden = true;
            found.append(document.createElement("img"), document.createElement("strong"), document.createElement("span"));
            found.firstChild.alt = "";
            document.body.append(found);
        }
        return found;
    }

    function place(box) {
        const gap = 14, edge = 6;
        const right = pointer.x + gap + box.offsetWidth + edge > innerWidth;
        const x = right ? pointer.x - gap - box.offsetWidth : pointer.x + gap;
        const y = Math.min(pointer.y + gap, innerHeight - box.offsetHeight - edge);
        box.style.left = `${Math.max(edge, Math.min(x, innerWidth - box.offsetWidth - edge))}px`;
        box.style.top = `${Math.max(edge, y)}px`;
    }

    const decoded = new WeakMap();
    function numbers(spec) {
        if (!decoded.has(spec)) {
            const bytes = Uint8Array.from(atob(spec.bdata), (each) => each.charCodeAt(0));
            decoded.set(spec, new Int32Array(bytes.buffer));
        }
        return decoded.get(spec);
    }

    function groupOf(point) {
        const { codes, names } = point.data.meta || {};
        return codes ? names[numbers(codes)[point.pointNumber]] || "" : "";
    }

    function hovered(event) {
        const point = event.points[0];
        if (point.customdata === undefined) return;
        const box = tip(), position = Number(point.customdata), [image, name, facts] = box.children;
        under = position;
        const turn = ++asked, { generation } = graph().layout.meta;
        facts.textContent = [groupOf(point), `place ${position.toLocaleString("en")}`].filter(Boolean).join(" · ");
        name.textContent = "";
        image.removeAttribute("src");
        box.hidden = false;
        place(box);
        if (loading) loading.abort(); // the pointer passes by many points
        loading = new AbortController();
        fetch(`/thumbnail/${generation}/${position}`, { signal: loading.signal }).then(async (answer) => {
            const blob = await answer.blob();
            if (turn !== asked || !answer.ok) return;
            name.textContent = decodeURIComponent(answer.headers.get("X-File-Name") || "");
            if (picture) URL.revokeObjectURL(picture);
            picture = image.src = URL.createObjectURL(blob);
            box.dataset.shows = position;
            place(box);
        }).catch(() => {});
    }

    function unhovered() {
        asked += 1;
        under = null;
        tip().hidden = true;
    }

    // What happens on the map

    function watch() {
        const gd = graph();
        if (!gd || !gd.on) return setTimeout(watch, 50);
        if (gd.isWatched) return;
        gd.isWatched = true;
        gd.on("plotly_hover", hovered);
        gd.on("plotly_unhover", unhovered);
        gd.on("plotly_click", (event) => tell("picked", Number(event.points[0].customdata)));
        gd.on("plotly_relayout", relayouted);
        gd.on("plotly_relayouting", unhovered);
        gd.on("plotly_doubleclick", () => home(gd));
    }

    const TOOLS = {
        in: (gd) => zoom(gd, 1 / 1.6),
        out: (gd) => zoom(gd, 1.6),
        home,
        view: (gd) => {
            const [left, right, bottom, top] = sides(gd);
            select(rectangle([left, right], [bottom, top]), false);
        },
    };
    const KEYS = { "+": TOOLS.in, "=": TOOLS.in, "-": TOOLS.out, "0": home };
    const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };

    document.addEventListener("click", (event) => {
        const tool = event.target.closest("[data-map-tool]"), entry = event.target.closest("#map-legend [data-group]");
        if (tool && graph()) TOOLS[tool.dataset.mapTool](graph());
        if (entry) toggle(entry);
        const still = Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < 4;
        if (under !== null && still && event.target.closest("#map-graph") && !isFlat(graph())) tell("picked", under);
    });

    document.addEventListener("keydown", (event) => {
        if (event.target.id !== "map-place" || event.ctrlKey || event.metaKey || event.altKey) return;
        const gd = graph();
        if (!gd) return;
        if (KEYS[event.key]) KEYS[event.key](gd);
        else if (ARROWS[event.key] && isFlat(gd)) move(gd, ...ARROWS[event.key]);
        else return;
        event.preventDefault();
    });

    for (const kind of ["pointermove", "pointerdown", "pointerup"]) {
        addEventListener(kind, (event) => {
            if (kind === "pointerdown") Object.assign(pressed, { x: event.clientX, y: event.clientY });
            pointer.x = event.clientX;
            pointer.y = event.clientY;
        }, { capture: true, passive: true });
    }
    addEventListener("scroll", unhovered, { capture: true, passive: true });
    addEventListener("keydown", (event) => { if (event.key === "Escape") unhovered(); });

    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => tell("map-theme", dark.matches ? "dark" : "light"));

    // The window of a new drawing is that of the one before it.

    function figure(drawing) {
        if (!drawing) return dash_clientside.no_update;
        const gd = graph(), layout = { ...drawing.layout };
        const whole = layout.meta.home;
        if (whole) {
            const before = isFlat(gd) && gd.layout.meta && String(gd.layout.meta.home) === String(whole);
            const [left, right, bottom, top] = before ? sides(gd) : whole;
            layout.xaxis = { ...layout.xaxis, range: [left, right] };
            layout.yaxis = { ...layout.yaxis, range: [bottom, top] };
            layout.dragmode = "pan";
        } else {
            layout.scene = { ...layout.scene, uirevision: layout.meta.generation };
        }
        watch();
        return { data: drawing.data.map((trace) => ({ ...trace, marker: { ...trace.marker } })), layout };
    }

    function turn(_previous, _next, _filters, selection, page) {
        if (!selection) areas = [];
        const { triggered_id } = dash_clientside.callback_context;
        const by = { "map-previous": -1, "map-next": 1 }[triggered_id] || 0;
        return by ? Math.max(0, (page || 0) + by) : 0;
    }

    window.dash_clientside = Object.assign({}, window.dash_clientside, {
        map: {
            figure,
            turn,
            theme: () => (dark.matches ? "dark" : "light"),
            filters: (clusters, category, probability, path, folder, label) =>
                ({ clusters: clusters || [], category, probability: Number(probability), path, folder, label }),
            least: (probability) => `${Math.round(100 * probability)}%`,
            cleared: () => {
                ["map-clusters", "map-category", "map-folder"].forEach(unchoose);
                return [[], null, 0.5, "", null, ""];
            },
            named: (codes) => {
                const pressed = document.querySelectorAll("[data-choice=map-clusters][aria-pressed=true]");
                const names = [...pressed].map((each) => each.textContent.replace(/ \([\d,]+\)$/, ""));
                return codes.length === 0 ? "all" : codes.length < 4 ? names.join(", ") : `${codes.length} of them`;
            },
            nothing: () => null,
            dimensions: (count) => (count === 2 ? "flat" : "space"),
            drag: (chosen) => {
                mode = chosen;
                document.getElementById("map-place").dataset.mode = mode;
                return mode;
            },
        },
    });
})();
