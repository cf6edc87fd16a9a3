/// The only script: looks at the page again when the server says that something has changed, and puts the new part in the place of
/// the old one. Without it, pages are what they were when they were loaded.
enum LiveScript {
    static let text = #"""
        "use strict";
        (() => {
          const part = document.getElementById("live"), place = document.getElementById("updates");
          if (!part || !place || !window.EventSource || !window.DOMParser) return;
          let source = null, looking = false, missed = false, on = sessionStorage.getItem("updates") !== "off";

          // No update while a user fills in a form or has opened a section.
          const isBusy = () => {
            const at = document.activeElement;
            return part.querySelector("details[open]") !== null
              || (at !== null && part.contains(at) && at.matches("input, select, textarea, button, summary"))
              || !(window.getSelection() || {isCollapsed: true}).isCollapsed;
          };

          const replace = fresh => {
            if (fresh.innerHTML === part.innerHTML) return;
            const at = document.activeElement;
            const href = at && part.contains(at) ? at.getAttribute("href") : null;
            const label = at && part.contains(at) ? at.getAttribute("aria-label") : null;
            const scrolled = [...part.querySelectorAll(".wide, pre")].map(e => [e.scrollLeft, e.scrollTop]);
            part.replaceChildren(...fresh.childNodes);
            [...part.querySelectorAll(".wide, pre")].forEach((e, i) => { if (scrolled[i]) [e.scrollLeft, e.scrollTop] = scrolled[i]; });
            const same = href !== null ? part.querySelector(`a[href="${CSS.escape(href)}"]`)
              : label !== null ? part.querySelector(`[aria-label="${CSS.escape(label)}"]`) : null;
            if (same) same.focus({preventScroll: true});
          };

          const look = async () => {
            if (isBusy()) return;
            if (looking) { missed = true; return; }
            looking = true;
            try {
              do {
                missed = false;
                const answer = await fetch(location.href, {headers: {"Accept": "text/html"}, credentials: "same-origin"});
                if (!answer.ok) break;
                const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
                if (fresh && !isBusy()) replace(fresh);
              } while (missed);
            } catch (error) {
              // The server is away; the stream connects again by itself.
            } finally {
              looking = false;
            }
          };

          const button = document.createElement("button");
          button.type = "button";
          const show = () => {
            button.textContent = on ? "Pause updates" : "Resume updates";
            document.documentElement.dataset.updates = on ? "on" : "off";
          };
          const follow = () => {
            const wanted = on && !document.hidden;
            if (wanted && !source) {
              source = new EventSource(document.body.dataset.live);
              source.onmessage = look;
            } else if (!wanted && source) {
              source.close();
              source = null;
            }
          };
          button.addEventListener("click", () => {
            on = !on;
            sessionStorage.setItem("updates", on ? "on" : "off");
            show();
            follow();
            if (on) look();
          });
          document.addEventListener("visibilitychange", () => { follow(); if (source) look(); });
          // A connection that stays open would keep the page from the browser's cache for the way back.
          addEventListener("pagehide", () => { if (source) { source.close(); source = null; } });
          addEventListener("pageshow", follow);
          place.append(button);
          show();
          follow();
        })();

        """#
}
