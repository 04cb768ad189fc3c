// The order as a film. Pictures come by place; this file knows when to show which, and asks for the next ones.

window.dash_clientside = window.dash_clientside || {};

(() => {
    const PATH = "/order";
    const SPEEDS = [0.5, 1, 2, 5, 10, 20]; // images a second
    const CALM = 2; // up to here there is time for large pictures
    const AHEAD = 12; // thumbnails that are asked for in time
    const PATIENCE = 1500; // milliseconds that a film waits for a picture
    const SETTLED = 200; // milliseconds without a move
    const KEPT = 400; // thumbnails
    const KEPT_LARGE = 12;
    const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, PageUp: -10, PageDown: 10 };
    const calmly = window.matchMedia("(prefers-reduced-motion: reduce)");

    class Film {
        constructor(root, generation, facts) {
            Object.assign(this, { generation, facts, at: 0, way: 1, speed: 2, playing: false, repeat: false });
            this.thumbnails = new Map();
            this.larges = new Map();
            this.names = new Map();
            this.view = new window.seriatim.FilmView(root, this, SPEEDS);
        }

        url(kind, place) { return `/${kind}/${this.generation}/${place}`; }

        fits(place) { return place >= 0 && place < this.facts.count; }

        // A picture that is being fetched, or is there already.
        picture(kept, kind, place, most) {
            let image = kept.get(place);
            if (!image) {
                image = new Image();
                image.src = this.url(kind, place);
                kept.set(place, image);
                if (kept.size > most) {
                    kept.delete(kept.keys().next().value);
                }
            }
            return image;
        }

        thumbnail(place) { return this.picture(this.thumbnails, "thumbnail", place, KEPT); }

        large(place) { return this.picture(this.larges, "image", place, KEPT_LARGE); }

        go(place) {
            this.at = Math.min(this.facts.count - 1, Math.max(0, Math.round(Number(place) || 0)));
            this.view.show();
            this.look_ahead();
            this.tell_name();
            clearTimeout(this.settling);
            if (!this.playing || this.speed <= CALM) {
                this.settling = setTimeout(() => this.settle(), SETTLED);
            }
        }

        step(by) { this.go(this.at + by); }

        look_ahead() {
            for (let ahead = 0; ahead <= AHEAD; ahead++) {
                if (this.fits(this.at + ahead * this.way)) {
                    this.thumbnail(this.at + ahead * this.way);
                }
            }
        }

        // Nobody moves any more: the large picture, the next ones, the address.
        async settle() {
            const { at } = this;
            const image = this.large(at);
            await image.decode().catch(() => null);
            if (this.at === at) {
                this.view.show_large(image);
                for (const next of [at + this.way, at + 2 * this.way, at - this.way]) {
                    if (this.fits(next)) {
                        this.large(next);
                    }
                }
                this.tell_address();
            }
        }

        tell_address() {
            if (location.pathname === PATH && !this.playing) {
                history.replaceState(history.state, "", `${PATH}?at=${this.at}`);
            }
        }

        async tell_name() {
            const { at, facts } = this;
            const start = at - (at % facts.names);
            if (!this.names.has(start)) {
                const asked = fetch(`/order/names/${this.generation}/${start}`);
                this.names.set(start, asked.then((answer) => (answer.ok ? answer.json() : [])).catch(() => []));
            }
            const [name, distance] = (await this.names.get(start))[at - start] || ["", null];
            if (this.at === at) {
                this.view.show_name(name, distance);
            }
        }

        play(wanted = !this.playing) {
            const end = this.way > 0 ? this.facts.count - 1 : 0;
            if (wanted && this.at === end && !this.repeat) {
                this.go(this.facts.count - 1 - end); // again from its begin
            }
            this.playing = wanted && this.facts.count > 1;
            this.view.show_controls();
            clearTimeout(this.ticking);
            if (this.playing) {
                this.due = performance.now() + 1000 / this.speed;
                this.tick();
            } else {
                this.settling = setTimeout(() => this.settle(), SETTLED);
            }
        }

        tick() {
            const { count } = this.facts;
            let next = this.at + this.way;
            if (!this.fits(next)) {
                if (!this.repeat) {
                    this.play(false);
                    return;
                }
                next = (next + count) % count;
            }
            const now = performance.now();
            const late = now - this.due;
            if (late >= 0 && (this.thumbnail(next).complete || late > PATIENCE)) {
                this.due = Math.max(this.due + 1000 / this.speed, now);
                this.go(next);
            }
            this.ticking = setTimeout(() => this.tick(), Math.max(4, this.due - performance.now()));
        }

        set(name, value) {
            this[name] = value;
            this.due = performance.now() + 1000 / this.speed;
            this.view.show_controls();
            this.look_ahead();
        }

        // Return whether a key was meant for the film.
        key(name) {
            const ends = { Home: 0, End: this.facts.count - 1 };
            if (name in STEPS) {
                this.step(STEPS[name]);
            } else if (name in ends) {
                this.go(ends[name]);
            } else if (name === " ") {
                this.play();
            } else {
                return false;
            }
            return true;
        }
    }

    let film = null;

    // Called whenever the address changes; the film goes on where it was unless it is told a place.
    function show(path, search, generation, facts) {
        const root = document.getElementById("film");
        if (path !== PATH || !root) {
            film?.play(false);
            return window.dash_clientside.no_update;
        }
        film = film || new Film(root, generation, facts);
        const asked = new URLSearchParams(search);
        film.go(asked.has("at") ? asked.get("at") : film.at);
        if (asked.has("play") && !calmly.matches) {
            film.play(true);
        }
        return window.dash_clientside.no_update;
    }

    window.dash_clientside.film = { show };

    document.addEventListener("keydown", (event) => {
        const elsewhere = "#details, input:not([type='range']), select, textarea, [contenteditable]";
        const pressed = event.key === " " && event.target.closest("button, a");
        const meant = film && location.pathname === PATH && !event.target.closest(elsewhere) && !pressed;
        if (!meant || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) {
            return;
        }
        if (film.key(event.key)) {
            event.preventDefault();
        }
    });

    // "Play from here": the film may be at another place by now than the address that started it says.
    document.addEventListener("click", (event) => {
        const link = event.target.closest("a[data-play]");
        if (link && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
            event.preventDefault();
            const search = `?at=${link.dataset.play}&play=1`;
            dash_clientside.set_props("url", { pathname: PATH, search });
            if (film) {
                show(PATH, search);
            }
            if (window.matchMedia("(max-width: 800px)").matches) {
                dash_clientside.set_props("picked", { data: null }); // the sheet would hide it
            }
        }
    });
})();
