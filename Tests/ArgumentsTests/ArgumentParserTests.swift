import Testing

@testable import Arguments

@Suite struct ArgumentParserTests {
    @Test(arguments: ["--concurrency 4", "--concurrency=4", "-c4", "-c 4", "-vqc4", "-dc 4", "-c 9 --concurrency=4"])
    func `reads a value in every form`(_ words: String) throws {
        let arguments = try MadeUp.parse("celeryd \(words)")
        #expect(arguments[MadeUp.concurrency] == 4)
        #expect(arguments.source(of: MadeUp.concurrency) == .commandLine)
    }

    @Test func `counts, bundles and repeats`() throws {
        let arguments = try MadeUp.parse("-v apply -vvq t -H a=1 -Hb=2 --header=c=3 -w")
        #expect(arguments[MadeUp.verbose] == 3)
        #expect(arguments[MadeUp.quiet])
        #expect(arguments[MadeUp.header] == ["a=1", "b=2", "c=3"])
        #expect(arguments[MadeUp.wait])
        #expect(!arguments[MadeUp.json])
        #expect(arguments.operands == ["t"])
    }

    @Test func `takes defaults when nothing is given`() throws {
        let arguments = try MadeUp.parse("celeryd")
        #expect(arguments[MadeUp.concurrency] == 4)
        #expect(arguments[MadeUp.queues] == ["celery"])
        #expect(arguments[MadeUp.children] == 8)
        #expect(arguments[MadeUp.broker] == nil)
        #expect(!arguments.isGiven(MadeUp.concurrency))
        #expect(arguments.source(of: MadeUp.concurrency) == .default)
        #expect(arguments.takes(MadeUp.concurrency) && !arguments.takes(MadeUp.countdown))
    }

    @Test func `prefers the command line to the environment, and that to the default`() throws {
        let environment = ["CELERY_CONCURRENCY": "7", "CELERY_BROKER_URL": "memory://", "CELERY_QUIET": "", "NO_COLOR": "x"]
        let arguments = try MadeUp.parse("celeryd -b sqlite:///x", environment: environment)
        #expect(arguments[MadeUp.concurrency] == 7)
        #expect(arguments.source(of: MadeUp.concurrency) == .environment)
        #expect(arguments.isGiven(MadeUp.concurrency))
        #expect(arguments[MadeUp.broker] == "sqlite:///x")
        #expect(!arguments[MadeUp.quiet])
        #expect(arguments[MadeUp.noColor])
    }

    @Test(arguments: [("1", true), ("Yes", true), ("on", true), ("0", false), ("false", false), ("OFF", false)])
    func `reads a flag from the environment`(_ text: String, _ value: Bool) throws {
        #expect(try MadeUp.parse("celeryd", environment: ["CELERY_QUIET": text])[MadeUp.quiet] == value)
    }

    @Test func `reads a count from the environment`() throws {
        #expect(try MadeUp.parse("celeryd", environment: ["CELERY_VERBOSE": "2"])[MadeUp.verbose] == 2)
    }

    @Test func `a negatable flag is on, off or unsaid`() throws {
        #expect(try MadeUp.parse("dmap t")[MadeUp.bar] == nil)
        #expect(try MadeUp.parse("dmap t --bar")[MadeUp.bar] == true)
        #expect(try MadeUp.parse("dmap --bar --no-bar t")[MadeUp.bar] == false)
    }

    @Test func `an alias of an option is the option`() throws {
        #expect(try MadeUp.parse("celeryd --daemon")[MadeUp.detach])
    }

    @Test func `takes operands between options, lone dashes, numbers and all after two dashes`() throws {
        #expect(try MadeUp.parse("apply t -5 - -w -1.5e3 -.5 -- --wait -q --").operands
            == ["t", "-5", "-", "-1.5e3", "-.5", "--wait", "-q", "--"])
        #expect(try MadeUp.parse("-- apply t -- --json").operands == ["t", "--", "--json"])
    }

    @Test func `takes a negative number as a value`() {
        #expect(MadeUp.error("celeryd -c -5")?.message == "'-5' is less than 1 (for -c)")
    }

    @Test func `an option that is a digit ends negative numbers`() throws {
        let fast = Option.flag("fast", short: "5", help: "Fast.")
        let table = CommandTable(
            program: "p", version: "1", date: "2025-11-22", summary: "P", globalOptions: [fast.description],
            commands: [CommandSpec("c", summary: "C", operands: [Operand("X", .zeroOrMore, help: "X.")])])
        let arguments = try ArgumentParser.parse(["c", "-5", "-6"], table: table)
        #expect(arguments[fast])
        #expect(arguments.operands == ["-6"])
        // A longer number that begins with it is a number still.
        let numbers = try ArgumentParser.parse(["c", "-5.5", "-55"], table: table)
        #expect(!numbers[fast])
        #expect(numbers.operands == ["-5.5", "-55"])
    }

    @Test func `keeps empty values and operands`() throws {
        let arguments = try ArgumentParser.parse(["apply", "", "--batch=", "x"], table: MadeUp.table)
        #expect(arguments[MadeUp.batch] == "")
        #expect(arguments.operands == ["", "x"])
        #expect(try ArgumentParser.parse(["apply", "--batch", ""], table: MadeUp.table)[MadeUp.batch] == "")
    }

    @Test func `is not misled by combining characters`() throws {
        let arguments = try ArgumentParser.parse(
            ["apply", "--batch=\u{338}x", "-H\u{301}y", "\u{301}"], table: MadeUp.table)
        #expect(arguments[MadeUp.batch] == "\u{338}x")
        #expect(arguments[MadeUp.header] == ["\u{301}y"])
        #expect(arguments.operands == ["\u{301}"])
    }

    @Test func `finds commands by name, alias and path`() throws {
        #expect(try MadeUp.parse("worker").command?.name == "celeryd")
        let arguments = try MadeUp.parse("-q beat --json next -n 3")
        #expect(arguments.command?.qualifiedName == "beat next")
        #expect(arguments[MadeUp.count] == 3)
        #expect(try MadeUp.parse("beat --once").command?.qualifiedName == "beat")
        #expect(MadeUp.table.command(path: ["beat", "next"])?.qualifiedName == "beat next")
        #expect(MadeUp.table.command(path: ["beat", "nothing"]) == nil)
        #expect(try MadeUp.parse("__complete tasks").command?.isHidden == true)
    }

    @Test(arguments: [
        ("--help", ""), ("-h", ""), ("-q -h", ""), ("apply --help", "apply"), ("--help apply", "apply"),
        ("beat next -h", "beat next"), ("dead -h", "dead"), ("result --help", "result"), ("-V result -h", "result"),
    ])
    func `asks for help before all else`(_ line: String, _ command: String) throws {
        guard case .help(let asked) = try MadeUp.parse(line, environment: ["CELERY_QUIET": "?"]).request else {
            Issue.record("no help for \(line)")
            return
        }
        #expect(asked?.qualifiedName ?? "" == command)
    }

    @Test(arguments: ["-V", "--version", "apply -V", "-qV"])
    func `asks for the version`(_ line: String) throws {
        guard case .version = try MadeUp.parse(line).request else {
            Issue.record("no version for \(line)")
            return
        }
    }
}
