import Testing

@testable import Arguments

@Suite struct ManPageTests {
    static let pages =
        [(ManPage.name(of: nil, in: MadeUp.table), ManPage.render(MadeUp.table))]
        + MadeUp.table.shownCommands.flatMap { [$0] + $0.subcommands }.map {
            (ManPage.name(of: $0, in: MadeUp.table), ManPage.render($0, in: MadeUp.table))
        }

    @Test func `names pages by their commands`() {
        #expect(Self.pages.map(\.0) == [
            "celery", "celery-apply", "celery-celeryd", "celery-beat", "celery-beat-next", "celery-beat-list",
            "celery-dead", "celery-dead-replay", "celery-status", "celery-result", "celery-dmap", "celery-help",
        ])
    }

    @Test(arguments: pages.map(\.0)) func `neither mandoc nor groff complains`(_ name: String) throws {
        let shell = try Shell()
        try shell.write("\(name).1", try #require(Self.pages.first { $0.0 == name }).1)
        #expect(try shell.run("mandoc", ["-T", "lint", "-W", "style", "../\(name).1"]) == [])
        // Warnings go to stderr, which must be empty.
        #expect(try shell.run("man", ["--warnings", "-l", "../\(name).1"]).count > 10)
    }

    private func read(_ reader: String, _ arguments: [String], _ name: String) throws -> String {
        let shell = try Shell()
        try shell.write("page.1", try #require(Self.pages.first { $0.0 == name }).1)
        var lines = try shell.run(reader, arguments + ["../page.1"])
        // mandoc prints bold and italic letters over themselves.
        for index in lines.indices { lines[index].replace(#/.\x{8}/#, with: "") }
        return lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
    }

    @Test(arguments: [("man", ["-l"]), ("mandoc", ["-T", "utf8"])])
    func `shows every sign as it was written`(_ reader: String, _ arguments: [String]) throws {
        let apply = try read(reader, arguments, "celery-apply")
        for text in MadeUp.apply.discussion { #expect(apply.contains(text)) }
        #expect(apply.contains("-H, --header K=V Header to add. (may be repeated)"))
        #expect(apply.contains("celery apply [OPTION]... --batch FILE DESCRIPTION"))
        #expect(apply.contains("jq -c . jobs | celery apply --batch - SEE ALSO celery(1), celery(7)"))
        #expect(try read(reader, arguments, "celery-status").contains("--odd X \(MadeUp.odd.description.help)"))
    }

    @Test func `tells of the commands within a command`() throws {
        let page = try read("man", ["-l"], "celery-dead")
        #expect(page.contains("celery dead replay Send them again. Each one gets a new id. ID Ids."))
        #expect(page.contains("With --json, each line is an object with these keys: id The new id. Exit status: 0 Sent."))
        #expect(page.contains("It keeps its name."))
        #expect(page.contains("Send one. celery dead replay 4711"))
    }

    @Test func `names each variable once`() {
        let page = ManPage.render(MadeUp.celeryd, in: MadeUp.table)
        #expect(page.contains(".TP\n\\fBCELERY_CONCURRENCY\\fR\nUsed if \\-\\-concurrency is not given.\n"))
        #expect(page.split(separator: "\\fBCELERY_CONCURRENCY\\fR").count == 2)
        #expect(page.hasPrefix(".TH \"CELERY\\-CELERYD\" 1 2025-11-22 \"celery 1.2\" \"celery manual\"\n"))
    }

    @Test func `guards lines that roff would take for requests`() {
        #expect(Roff.lines(Roff.prose(".dot")) == ["\\&.dot"])
        #expect(Roff.lines(Roff.prose("'tis")) == ["\\(aqtis"])
        #expect(Roff.prose("well-known --no-bar (-v) a-b") == "well-known \\-\\-no\\-bar (\\-v) a-b")
        #expect(Roff.literal("😀\\n") == "\\[u1F600]\\en")
    }
}
