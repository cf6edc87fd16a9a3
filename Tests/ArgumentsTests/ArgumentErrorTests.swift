import Testing

@testable import Arguments

/// The words a user reads, to the letter.
@Suite struct ArgumentErrorTests {
    @Test(arguments: [
        ("apply --quue x t", "unknown option '--quue'; did you mean '--queue'?"),
        ("apply --coutdnown=5 t", "unknown option '--coutdnown'; did you mean '--countdown'?"),
        ("celeryd --conc 4", "unknown option '--conc'; did you mean '--concurrency'?"),
        ("dmap --no-bra t", "unknown option '--no-bra'; did you mean '--no-bar'?"),
        ("apply --xyzzy t", "unknown option '--xyzzy'"),
        ("apply -queue x", "unknown option '-u' in '-queue'; did you mean '--queue'?"),
        ("apply -queue=x", "unknown option '-u' in '-queue=x'; did you mean '--queue'?"),
        ("apply -x", "unknown option '-x'"),
        ("apply -vx", "unknown option '-x' in '-vx'"),
        ("celeryd -5x", "unknown option '-5' in '-5x'"),
        ("--queue x apply t", "option '--queue' must follow its command"),
        ("apply t --queue", "option '--queue' needs a value QUEUE"),
        ("apply --queue --json t", "option '--queue' needs a value QUEUE"),
        ("celeryd -c -v", "option '-c' needs a value N"),
        ("celeryd -c --", "option '-c' needs a value N"),
        ("apply --wait=yes t", "option '--wait' takes no value"),
        ("apply -H= t --queue= x", "'' is empty (for --queue)"),
        ("apply t --countdown abc", "'abc' is not a number of seconds (for --countdown); write 90, 90s or 10m"),
        ("celeryd -c abc", "'abc' is not a whole number (for -c)"),
        ("celeryd -c 0", "'0' is less than 1 (for -c)"),
        ("celeryd --concurrency 513", "'513' is more than 512 (for --concurrency)"),
        ("celeryd -l inof", "'inof' is not one of debug, info, warning, error (for -l); did you mean 'info'?"),
        ("celeryd -Q a,,b", "'a,,b' has '', which is empty (for -Q)"),
        ("aply t", "unknown command 'aply'; did you mean 'apply'?"),
        ("beat nxt", "unknown command 'beat nxt'; did you mean 'beat next'?"),
        ("wrker", "unknown command 'wrker'; did you mean 'worker'?"),
        ("xyzzy", "unknown command 'xyzzy'"),
        ("", "no command given"),
        ("dead", "'dead' needs one of the commands replay"),
        ("beat --once next", "option '--once' is not for 'beat next'"),
        ("dead replay", "operand ID is missing"),
        ("result a b", "unexpected operand 'b'"),
        ("celeryd x", "unexpected operand 'x'"),
    ])
    func `says what is wrong`(_ line: String, _ message: String) {
        #expect(MadeUp.error(line)?.message == message)
    }

    @Test(arguments: [
        ("apply --xyzzy t", "see 'celery apply --help'"),
        ("--xyzzy", "see 'celery --help'"),
        ("apply --queue --json t", "write '--queue=--json' if that is the value"),
        ("celeryd -c -v", "write '-c-v' if that is the value"),
        ("--queue x apply t", "write it after the command, as in 'celery apply --queue'"),
        ("xyzzy", "'celery --help' lists the commands"),
        ("beat xyzzy", "'celery beat --help' lists the commands"),
        ("", "'celery --help' lists the commands"),
        ("result", "see 'celery result --help'"),
    ])
    func `hints at what to do`(_ line: String, _ hint: String) {
        #expect(MadeUp.error(line)?.hint == hint)
    }

    @Test func `names the command that was read`() {
        #expect(MadeUp.error("apply --quue x")?.command == "apply")
        #expect(MadeUp.error("worker x")?.command == "celeryd")
        #expect(MadeUp.error("beat next x")?.command == "beat next")
        #expect(MadeUp.error("--xyzzy")?.command == nil)
    }

    @Test func `names the variable of a bad value from the environment`() {
        #expect(MadeUp.error("celeryd", environment: ["CELERY_CONCURRENCY": "many"])?.message
            == "'many' is not a whole number (for CELERY_CONCURRENCY in the environment)")
        #expect(MadeUp.error("celeryd", environment: ["CELERY_QUIET": "perhaps"])?.message
            == "'perhaps' is neither yes nor no (for CELERY_QUIET in the environment); write 1 or 0")
        #expect(MadeUp.error("celeryd -c 4 -q", environment: ["CELERY_CONCURRENCY": "many", "CELERY_QUIET": "?"]) == nil)
        #expect(MadeUp.error("apply t", environment: ["CELERY_CONCURRENCY": "many"]) == nil)
    }

    @Test func `shows control characters by number and cuts long texts`() {
        #expect(ArgumentError.quote("a\u{1B}[2J\nb") == "'a\\u{1b}[2J\\u{a}b'")
        #expect(ArgumentError.quote("abcdef", limit: 5) == "'abcde...'")
        #expect(ArgumentError.quote("abcde", limit: 5) == "'abcde'")
    }
}
