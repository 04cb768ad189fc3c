// What is to be seen of a film: its large picture, its strip, its curve and its controls.

window.seriatim = window.seriatim || {};

(() => {
    const CELL = 68; // pixels of a place in the strip
    const SVG = "http://www.w3.org/2000/svg";
    const ICONS = {
        first: "M6 5v14M19 5 9 12l10 7z",
        last: "M18 5v14M5 5l10 7-10 7z",
        back: "M15 5 8 12l7 7",
        forth: "M9 5l7 7-7 7",
        play: "M7 4l13 8-13 8z",
        pause: "M8 5v14M16 5v14",
        screen: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
    };

    function make(tag, properties = {}, ...children) {
        const { dataset = {}, aria = {}, ...others } = properties;
        const element = Object.assign(document.createElement(tag), others);
        Object.assign(element.dataset, dataset);
        Object.entries(aria).forEach(([name, value]) => element.setAttribute(`aria-${name}`, value));
        element.append(...children);
        return element;
    }

    function icon(name) {
        const svg = document.createElementNS(SVG, "svg");
        const path = document.createElementNS(SVG, "path");
        svg.setAttribute("viewBox", "0 0 24 24");
        svg.setAttribute("aria-hidden", "true");
        path.setAttribute("d", ICONS[name]);
        svg.append(path);
        return svg;
    }

    function button(name, label, onclick) {
        return make("button", { type: "button", className: "film-icon", title: label, aria: { label }, onclick },
            icon(name));
    }

    class FilmView {
        constructor(root, film, speeds) {
            this.film = film;
            this.cells = new Map();
            this.build_picture();
            this.build_line();
            this.build_controls(speeds);
            this.strip = make("div", { className: "film-strip", role: "group", aria: { label: "Images around it" } });
            root.append(this.stage, this.strip, this.line, this.controls);
            this.strip.addEventListener("wheel", (event) => {
                event.preventDefault();
                film.step(Math.sign(event.deltaY || event.deltaX));
            });
            new ResizeObserver(() => this.resize()).observe(root);
            window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
            this.show_controls();
        }

        build_picture() {
            this.image = make("img", { id: "film-image", alt: "" });
            this.opener = make("button", { type: "button", className: "film-large" }, this.image);
            this.place = make("strong", { id: "film-place" });
            this.name = make("span", { id: "film-name" });
            this.distance = make("span", { className: "film-distance" });
            const words = make("figcaption", {}, this.place, this.name, this.distance);
            this.stage = make("figure", { className: "film-stage" }, this.opener, words);
            let start = null;
            this.stage.addEventListener("touchstart", (event) => { start = event.touches[0]; }, { passive: true });
            this.stage.addEventListener("touchend", (event) => {
                const end = event.changedTouches[0];
                const [x, y] = [end.clientX - start.clientX, end.clientY - start.clientY];
                if (Math.abs(x) > 40 && Math.abs(x) > 2 * Math.abs(y)) {
                    this.film.step(x < 0 ? 1 : -1);
                }
            }, { passive: true });
        }

        build_line() {
            const { film } = this;
            const last = film.facts.count - 1;
            this.slider = make("input", { type: "range", id: "film-slider", min: 0, max: last, step: 1,
                aria: { label: "Place in the order" }, oninput: () => film.go(this.slider.value) });
            this.canvas = make("canvas", { className: "film-curve", onclick: (event) => this.jump(event),
                title: "How far each image is from the next: a peak is where the collection breaks" });
            this.marker = make("div", { className: "film-marker" });
            const hint = make("p", { className: "film-hint", textContent: "Space plays, the arrow keys step. A peak of " +
                "the curve is where the collection breaks; a click leads there." });
            this.line = make("div", { className: "film-line" },
                make("div", { className: "film-over" }, this.canvas, this.marker), this.slider, hint);
        }

        build_controls(speeds) {
            const { film } = this;
            const last = film.facts.count - 1;
            this.player = button("play", "Play", () => film.play());
            this.player.id = "film-play";
            this.speeds = make("select", { id: "film-speed", onchange: () => film.set("speed", Number(this.speeds.value)) },
                ...speeds.map((each) => make("option", { value: each, textContent: `${each} / s` })));
            this.backwards = make("button", { type: "button", textContent: "Backwards",
                onclick: () => film.set("way", -film.way) });
            this.repeat = make("button", { type: "button", textContent: "Repeat",
                onclick: () => film.set("repeat", !film.repeat) });
            this.number = make("input", { type: "number", id: "film-number", min: 0, max: last });
            this.number.addEventListener("change", () => film.go(this.number.value));
            const screen = button("screen", "Full screen", () => this.stage.requestFullscreen());
            screen.hidden = !document.fullscreenEnabled;
            this.controls = make("div", { className: "film-controls", role: "group", aria: { label: "Film" } },
                button("first", "First (Home)", () => film.go(0)),
                button("back", "Back (left arrow)", () => film.step(-1)),
                this.player,
                button("forth", "Forth (right arrow)", () => film.step(1)),
                button("last", "Last (End)", () => film.go(last)),
                make("label", {}, "Speed ", this.speeds), this.backwards, this.repeat,
                make("label", {}, "Go to ", this.number), screen);
        }

        show() {
            const { film } = this;
            const { at } = film;
            const large = film.larges.get(at);
            this.show_large(large?.complete && large.naturalWidth ? large : film.thumbnail(at));
            this.opener.dataset.position = at;
            this.place.textContent = `${at.toLocaleString("en")} / ${(film.facts.count - 1).toLocaleString("en")}`;
            this.slider.value = at;
            if (document.activeElement !== this.number || film.playing) {
                this.number.value = at;
            }
            this.marker.style.left = `${(100 * at) / Math.max(1, film.facts.count - 1)}%`;
            this.show_strip();
        }

        show_large(image) { this.image.src = image.src; }

        show_name(name, distance) {
            this.name.textContent = name;
            this.image.alt = name;
            this.opener.setAttribute("aria-label", `Details of ${name}`);
            this.opener.title = "Show its details";
            this.slider.setAttribute("aria-valuetext", `${this.film.at}: ${name}`);
            this.distance.textContent = distance === null ? "" : `${distance.toPrecision(3)} to the next`;
        }

        show_controls() {
            const { film } = this;
            const label = film.playing ? "Pause (space)" : "Play (space)";
            this.player.replaceChildren(icon(film.playing ? "pause" : "play"));
            this.player.title = label;
            this.player.setAttribute("aria-label", label);
            this.speeds.value = film.speed;
            this.backwards.setAttribute("aria-pressed", film.way < 0);
            this.repeat.setAttribute("aria-pressed", film.repeat);
        }

        // Cells stay those of their places, and slide; who is out of sight is taken away.
        show_strip() {
            const { film } = this;
            const beside = Math.ceil(this.strip.clientWidth / CELL / 2) + 1;
            this.strip.style.setProperty("--slide", `${Math.min(180, 600 / film.speed)}ms`);
            for (const [place, cell] of this.cells) {
                if (Math.abs(place - film.at) > beside) {
                    cell.remove();
                    this.cells.delete(place);
                }
            }
            for (let place = film.at - beside; place <= film.at + beside; place++) {
                if (film.fits(place)) {
                    const cell = this.cells.get(place) || this.add_cell(place);
                    cell.style.transform = `translateX(${(place - film.at) * CELL}px)`;
                    cell.classList.toggle("film-here", place === film.at);
                }
            }
        }

        add_cell(place) {
            const image = make("img", { alt: "", src: this.film.url("thumbnail", place) });
            const cell = make("button", { type: "button", className: "film-cell", tabIndex: -1,
                aria: { label: `Place ${place}` }, onclick: () => this.film.go(place) }, image);
            this.strip.append(cell);
            this.cells.set(place, cell);
            return cell;
        }

        resize() {
            if (this.strip.clientWidth) {
                this.show_strip();
                this.draw();
            }
        }

        draw() {
            const { heights } = this.film.facts;
            const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
            this.canvas.width = width * devicePixelRatio;
            this.canvas.height = height * devicePixelRatio;
            const pen = this.canvas.getContext("2d");
            pen.scale(devicePixelRatio, devicePixelRatio);
            pen.fillStyle = getComputedStyle(this.canvas).color;
            const sorted = [...heights].sort((one, other) => one - other);
            const usual = sorted[Math.floor(sorted.length / 10)] * 0.9; // what all have in common tells nothing
            const most = Math.max(sorted.at(-1) - usual, 1e-9);
            const wide = width / Math.max(1, heights.length - 1);
            heights.forEach((each, place) => {
                const tall = Math.max(1, ((each - usual) / most) * (height - 2));
                pen.fillRect(place * wide, height - tall, Math.max(1, wide - (wide > 4 ? 1 : 0)), tall);
            });
        }

        // A click on the curve leads to the largest distance thereabouts.
        jump(event) {
            const { heights, places } = this.film.facts;
            const box = this.canvas.getBoundingClientRect();
            const stretch = ((event.clientX - box.left) / box.width) * (heights.length - 1);
            const reach = Math.max(0.5, (4 * heights.length) / box.width);
            let best = Math.round(stretch);
            heights.forEach((each, place) => {
                if (Math.abs(place - stretch) <= reach && each > heights[best]) {
                    best = place;
                }
            });
            this.film.go(places[best]);
        }
    }

    window.seriatim.FilmView = FilmView;
})();
