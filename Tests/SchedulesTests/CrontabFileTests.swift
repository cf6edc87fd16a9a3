import Schedules
import Testing

@Suite struct CrontabFileTests {
    private func only(_ line: String, layout: CrontabFile.Layout = .user) throws -> CrontabFile.Entry {
        let file = CrontabFile(line, layout: layout, zone: .utc)
        #expect(file.problems.isEmpty)
        return try #require(file.entries.first)
    }

    private func problem(_ text: String, layout: CrontabFile.Layout = .user) throws -> CrontabFile.Problem {
        let file = CrontabFile(text, layout: layout, zone: .utc)
        #expect(file.entries.isEmpty)
        return try #require(file.problems.first)
    }

    @Test func `takes a user's crontab apart`() throws {
        let file = CrontabFile(
            """
            # min hour dom mon dow command
            SHELL=/bin/bash
            MAILTO = "me@example.org"

              30 2 * * *   /usr/local/bin/backup --all  # not a comment
            \t@Daily\techo  two  blanks
            PATH='/opt/bin:/usr/bin '
            CRON_TZ=Europe/Berlin
            0 9 * * mon-fri mail -s Morning me%Hello,%%good morning.
            """, zone: .utc)
        #expect(file.problems.isEmpty)
        #expect(file.entries.map(\.lineNumber) == [5, 6, 9])
        #expect(file.entries.map(\.scheduleText) == ["30 2 * * *", "@Daily", "0 9 * * mon-fri"])
        #expect(file.entries.map(\.command) == [
            "/usr/local/bin/backup --all  # not a comment", "echo  two  blanks", "mail -s Morning me",
        ])
        #expect(file.entries.map(\.input) == [nil, nil, "Hello,\n\ngood morning.\n"])
        #expect(file.entries.map(\.user) == [nil, nil, nil])
        #expect(file.entries.map(\.zoneName) == [nil, nil, "Europe/Berlin"])
        #expect(file.entries.map(\.crontab.zone.name) == ["UTC", "UTC", "Europe/Berlin"])
        #expect(file.entries[0].environment == ["SHELL": "/bin/bash", "MAILTO": "me@example.org"])
        #expect(file.entries[2].environment["PATH"] == "/opt/bin:/usr/bin ")
        #expect(file.entries[2].environment["CRON_TZ"] == nil)
    }

    @Test func `takes the user from a system's crontab`() throws {
        let entry = try only("17 *\t* * *\troot    cd / && run-parts --report /etc/cron.hourly", layout: .system)
        #expect(entry.user == "root")
        #expect(entry.command == "cd / && run-parts --report /etc/cron.hourly")
        #expect(try only("@weekly www-data  clean", layout: .system).user == "www-data")
        #expect(try problem("0 0 * * * root", layout: .system).reason.message == "the line has no command")
    }

    @Test(arguments: [
        ("date +\\%F", "date +%F", nil), ("a%b", "a", "b\n"), ("a%", "a", ""), ("a%b%", "a", "b\n"), ("a%b\\%c%d", "a", "b%c\nd\n"),
        ("a\\\\%b", "a\\\\", "b\n"), ("sed s/\\\\./x/", "sed s/\\\\./x/", nil), ("a\\", "a\\", nil), ("a%\\", "a", "\\\n"),
        ("a%%", "a", "\n"), ("a ", "a ", nil),
    ] as [(String, String, String?)])
    func `parts a command from its input at percent signs`(_ text: String, _ command: String, _ input: String?) throws {
        let entry = try only("* * * * * \(text)")
        #expect(entry.command == command)
        #expect(entry.input == input)
    }

    @Test(arguments: [
        ("A=b", "A", "b"), ("A = b c ", "A", "b c"), ("A=", "A", ""), ("A=\"\"", "A", ""), (" A='b \" c' ", "A", "b \" c"),
        ("\"A B\"=c", "A B", "c"), ("A=b=c", "A", "b=c"), ("A=b # c", "A", "b # c"), ("A=$HOME/x", "A", "$HOME/x"), ("A=b\r", "A", "b"),
    ])
    func `reads settings`(_ line: String, _ name: String, _ value: String) throws {
        let file = CrontabFile("\(line)\n* * * * * x", zone: .utc)
        #expect(file.problems.isEmpty)
        #expect(file.entries.map(\.environment) == [[name: value]])
    }

    @Test func `a command may hold an equals sign`() throws {
        #expect(try only("* * * * * A=1 b").command == "A=1 b")
        #expect(try only("@hourly A=1 b").command == "A=1 b")
    }

    @Test func `says what it did not understand`() throws {
        let file = CrontabFile(
            """
            @reboot start
            0 25 * * * late
            MAILTO
            0 0 * *
            0 0 * * *
            @dayly x
            A="b" c
            * * * * * %x
            0 0 * * * fine
            """, zone: .utc)
        #expect(file.entries.map(\.lineNumber) == [9])
        #expect(file.problems.map(\.lineNumber) == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(file.problems.map(\.text)[0...1] == ["@reboot start", "0 25 * * * late"])
        #expect(file.problems[0].reason.code == .reboot)
        #expect(file.problems.dropFirst().map(\.reason.message) == [
            "'25' in the hour field is not allowed", "the line has 1 of the five fields, and no command",
            "the line has 4 of the five fields, and no command", "the line has no command", "'@dayly' is not a schedule",
            "the line has 2 of the five fields, and no command", "the line has no command before the '%'",
        ])
        #expect(file.problems[5].reason.hint == "did you mean '@daily'?")
    }

    @Test func `an unknown zone spoils the lines below it`() throws {
        let file = CrontabFile("0 0 * * * a\nCRON_TZ=Europe/Belin\n0 0 * * * b\nCRON_TZ=\n0 0 * * * c", zone: .utc)
        #expect(file.entries.map(\.command) == ["a", "c"])
        #expect(file.problems.map(\.lineNumber) == [2, 3])
        #expect(file.problems[1].reason == ScheduleError(
            .unknownZone, "CRON_TZ: 'Europe/Belin' is not a time zone", hint: "did you mean 'Europe/Berlin'?"))
    }

    @Test func `takes files of other systems and empty ones`() {
        #expect(CrontabFile("", zone: .utc).entries.isEmpty)
        #expect(CrontabFile("\r\n# x\r\n* * * * * y\r\n", zone: .utc).entries.map(\.command) == ["y"])
    }
}
