import CeleryCore
import Schedules
import Tasks
import Testing

@testable import Commands

@Suite struct ImportedTaskTests {
    private func task(_ crontab: String) throws -> ImportedTask {
        let file = CrontabFile(crontab, zone: .utc)
        #expect(file.problems == [])
        return ImportedTask(name: "x", entry: try #require(file.entries.first))
    }

    @Test func `is a program whose option line says when`() throws {
        let task = try task("CRON_TZ=UTC\nA=it's\n0,30 4 * * 1-5 run 'a b'\n")
        #expect(task.text == """
            #!/bin/sh
            # celery: crontab="0,30 4 * * 1-5" timezone=UTC max_retries=0
            # Line 3 of a crontab.
            export A='it'\\''s'
            export PATH=/usr/bin:/bin
            export SHELL=/bin/sh
            cd "${HOME:-/}" || exit
            exec /bin/sh -c 'run '\\''a b'\\''' </dev/null

            """)
        let (options, problems) = TaskOptionLine.options(in: Array(task.text.utf8), file: "x.sh")
        #expect(problems == [])
        #expect(options.periodic?.schedule.description == "0,30 4 * * 1-5 UTC")
        #expect(options.maxRetries == 0)
    }

    @Test func `hands the input on, whatever is in it`() throws {
        let task = try task("@daily cat%INPUT%$HOME `x`%INPUT_%end\n")
        #expect(task.text.hasSuffix("exec /bin/sh -c cat <<'INPUT__'\nINPUT\n$HOME `x`\nINPUT_\nend\nINPUT__\n"))
    }

    @Test func `knows the variables that a shell can set`() {
        #expect(["A", "_a1", "PATH"].allSatisfy(ImportedTask.isVariable))
        #expect(!["", "1A", "A-B", "Ä", "A B"].contains(where: ImportedTask.isVariable))
    }
}
