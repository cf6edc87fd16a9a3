import Testing

/// Times without a zone are local: compared with what date(1) makes of them.
@Suite(.blocking) struct TimeZoneTests {
    @Test(arguments: ["UTC", "America/New_York", "Asia/Kolkata", "Europe/Berlin", "Pacific/Auckland"])
    func `reads times in the local zone`(_ zone: String) throws {
        let project = try Project()
        for text in ["tomorrow 06:00", "2030-03-31T01:30", "2030-07-01 12:00:00", "2030-01-01T00:00:00Z", "2030-01-01T00:00+05:30"] {
            let id = try project.run("celery apply demo.tasks.add --eta '\(text)'", with: ["TZ": zone]).text
            let expected = try project.run("date -d '\(text)' +%s", with: ["TZ": zone]).text
            let due = try project.run("sqlite3 celery.db \"SELECT CAST(due AS INTEGER) FROM scheduled JOIN message USING (tag) WHERE id = '\(id)'\"").text
            #expect(due == expected, "\(text)")
        }
    }

    @Test func `takes the next time the clock shows an hour`() throws {
        let project = try Project()
        let now = try #require(Int(try project.run("date +%s").text))
        let id = try project.run("celery apply demo.tasks.add --eta \"$(date -d '-1 minute' +%H:%M)\"", with: ["TZ": "Asia/Kolkata"]).text
        let due = try #require(Int(try project.run("sqlite3 celery.db 'SELECT CAST(due AS INTEGER) FROM scheduled'").text))
        #expect(due > now + 86_400 - 300 && due < now + 86_400, "\(id)")
    }
}
