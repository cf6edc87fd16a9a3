/// The only style sheet. Colours have a contrast of at least 4.5 to 1 in both modes.
enum StyleSheet {
    static let text = """
        :root {
          color-scheme: light dark;
          --back: #fff; --front: #1c2024; --muted: #57606a; --line: #d0d7de; --panel: #f3f5f7; --link: #0550ae; --button: #0550ae;
          --danger: #a40e26; --good: #116329; --good-back: #dafbe1; --bad: #a40e26; --bad-back: #ffebe9; --busy: #0550ae;
          --busy-back: #ddf4ff; --wait: #6a4a00; --wait-back: #fff3c4; --off: #4d555e; --off-back: #eaeef2;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --back: #12161b; --front: #e2e6ea; --muted: #a4aeb9; --line: #3a434d; --panel: #1b2128; --link: #8cc2ff; --button: #1158c7;
            --danger: #b62324; --good: #7ee2a0; --good-back: #12361f; --bad: #ffb3ad; --bad-back: #4a1418; --busy: #9ecbff;
            --busy-back: #10305c; --wait: #ffdf8e; --wait-back: #3d2e00; --off: #b9c2cc; --off-back: #2b323a;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--back); color: var(--front); font: 1rem/1.5 system-ui, sans-serif; }
        a { color: var(--link); }
        a:focus-visible, button:focus-visible, summary:focus-visible, input:focus-visible, select:focus-visible, [tabindex]:focus-visible {
          outline: 3px solid var(--link); outline-offset: 2px;
        }
        main:focus { outline: none; }
        .skip { position: absolute; left: -100vw; }
        .skip:focus { left: .5rem; top: .5rem; padding: .5rem; background: var(--back); z-index: 1; }
        .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
        header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center; padding: .25rem 1rem; background: var(--panel);
          border-bottom: 1px solid var(--line); }
        header nav { flex: 1 1 auto; }
        header p { margin: 0; }
        nav ul { display: flex; flex-wrap: wrap; gap: .25rem; margin: 0; padding: 0; list-style: none; }
        nav a { display: inline-block; padding: .4rem .6rem; border-radius: .3rem; color: var(--front); text-decoration: none; }
        nav a:hover { text-decoration: underline; }
        nav a[aria-current] { background: var(--back); font-weight: 600; box-shadow: inset 0 -3px 0 var(--link); }
        main { max-width: 90rem; margin: 0 auto; padding: 0 1rem 2rem; }
        h1 { margin: 1rem 0 .5rem; font-size: 1.6rem; line-height: 1.2; overflow-wrap: anywhere; }
        h2 { margin: 1.5rem 0 .5rem; font-size: 1.15rem; }
        .muted, footer { color: var(--muted); }
        footer { padding: 0 1rem 1rem; border-top: 1px solid var(--line); font-size: .875rem; overflow-wrap: anywhere; }
        .wide { position: relative; overflow-x: auto; border: 1px solid var(--line); border-radius: .3rem; }
        table { width: 100%; border-collapse: collapse; font-size: .9rem; }
        th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
        tbody tr:last-child > * { border-bottom: 0; }
        thead th { background: var(--panel); white-space: nowrap; }
        tbody th { font-weight: 400; }
        td { max-width: 32rem; overflow-wrap: anywhere; }
        .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        code, pre, .id { font-family: ui-monospace, monospace; font-size: .85em; }
        .id { overflow-wrap: anywhere; }
        td .id, th .id { white-space: nowrap; }
        pre { max-height: 30rem; overflow: auto; margin: .25rem 0; padding: .6rem; background: var(--panel); border-radius: .3rem;
          white-space: pre-wrap; overflow-wrap: anywhere; }
        code { overflow-wrap: anywhere; }
        .state { display: inline-block; padding: 0 .4rem; border-radius: .3rem; font-size: .8rem; font-weight: 600; white-space: nowrap;
          color: var(--wait); background: var(--wait-back); }
        .state.success { color: var(--good); background: var(--good-back); }
        .state.failure { color: var(--bad); background: var(--bad-back); }
        .state.running { color: var(--busy); background: var(--busy-back); }
        .state.revoked { color: var(--off); background: var(--off-back); }
        dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: .5rem 1rem; margin: .5rem 0; }
        dl > div { min-width: 0; }
        dt { color: var(--muted); font-size: .85rem; }
        dd { margin: 0; overflow-wrap: anywhere; }
        .figures dd { font-size: 1.4rem; font-variant-numeric: tabular-nums; }
        .figures { padding: .5rem 1rem; background: var(--panel); border-radius: .3rem; }
        .notice { margin: .5rem 0; padding: .25rem 1rem; border-left: 4px solid var(--good); background: var(--good-back); }
        .search, .action form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; }
        .search { margin: .5rem 0; }
        .action form > p { flex-basis: 100%; margin: 0; }
        label { display: grid; font-size: .85rem; }
        input, select, button { padding: .35rem .5rem; border: 1px solid var(--muted); border-radius: .3rem; background: var(--back);
          color: var(--front); font: inherit; max-width: 100%; }
        ::placeholder { color: var(--muted); opacity: 1; }
        button { border-color: transparent; background: var(--button); color: #fff; cursor: pointer; }
        button.danger { background: var(--danger); }
        .actions { display: flex; flex-wrap: wrap; gap: .5rem; margin: .25rem 0; }
        .action summary { display: inline-block; padding: .1rem .5rem; border: 1px solid var(--muted); border-radius: .3rem; cursor: pointer;
          white-space: nowrap; }
        .action { position: relative; }
        .action[open] { flex-basis: 100%; }
        .action form { margin: .25rem 0; padding: .6rem; background: var(--panel); border-radius: .3rem; min-width: 14rem; }
        .tree, .tree ul { padding-left: 1.2rem; }
        .tree { padding-left: 0; list-style: none; }
        progress { width: 100%; max-width: 20rem; accent-color: var(--link); }
        @media (max-width: 40rem) {
          main, header { padding-left: .6rem; padding-right: .6rem; }
          /* A narrow table is scrolled, rather than its words broken after every third letter. */
          td { min-width: 6rem; }
        }
        @media (prefers-reduced-motion: no-preference) { .skip { transition: left .1s; } }

        """
}
