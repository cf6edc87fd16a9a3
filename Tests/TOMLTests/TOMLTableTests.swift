import TOML
import Testing

@Suite struct TOMLTableTests {
    private func read(_ text: String) throws -> TOMLTable { try TOMLTable(parsing: [UInt8](text.utf8)) }

    /// The line of a value, by the names around it.
    private func line(_ table: TOMLTable, _ path: String...) -> Int? {
        var member: TOMLTable.Member?
        var inner: TOMLTable? = table
        for name in path {
            member = inner?[name]
            inner = if case .table(let found)? = member?.value { found } else { nil }
        }
        return member?.line
    }

    @Test func `a name has the line that mentions it first, below comments, lists and texts of several lines`() throws {
        let table = try read(
            """
            # A = 1
            B = ["x", # C = 2
              'D = 3',
            ]

            'E' = \"\"\"
            F = 4
            \\\"\"\" G = 5
            ""\"\"\"
            "H"='''
            I = 6'''
              J.k = { a = [1, 2] } # ]
            \r
            L = "a # \\" ["\r
            [M.n]
            B = 7
            [["O"]]
            P = 8
            """)
        let lines = ["B": 2, "E": 6, "H": 10, "J": 12, "L": 14, "M": 15, "O": 17]
        #expect(Dictionary(uniqueKeysWithValues: table.members.map { ($0.name, $0.line) }) == lines)
        #expect(table.firstHeaderLine == 15)
        #expect(line(table, "M", "n", "B") == 16)
        #expect(table["E"]?.value == .string("F = 4\n\"\"\" G = 5\n\"\""))
        #expect(try read("a = 1").firstHeaderLine == nil)
    }

    @Test func `a value in a table has its own line`() throws {
        let table = try read(
            """
            [beat.a]
            task = "x"
            options.queue = [
              1 ]
            [ beat . "b c" ]
            'every' = 3
            [beat]
            d.task = "y"
            e = { task = "z" }
            """)
        #expect(line(table, "beat") == 1)
        #expect(line(table, "beat", "a", "task") == 2)
        #expect(line(table, "beat", "a", "options", "queue") == 3)
        #expect(line(table, "beat", "b c") == 5)
        #expect(line(table, "beat", "b c", "every") == 6)
        #expect(line(table, "beat", "d", "task") == 8)
        #expect(line(table, "beat", "e", "task") == 9)
    }

    @Test func `names that only Unicode holds for the same are two`() throws {
        let table = try read("'\u{E9}' = 1\n'e\u{301}' = 2")
        #expect(table.members.map(\.value) == [.integer(1), .integer(2)])
        #expect(table["e\u{301}"]?.line == 2)
    }

    @Test func `a byte order mark is skipped`() throws {
        #expect(try read("\u{FEFF}a = 1")["a"]?.value == .integer(1))
    }

    @Test(arguments: [
        ("a = 9223372036854775807", TOMLValue.integer(.max)), ("a = -9223372036854775808", .integer(.min)),
        ("a = 0xDEAD_beef", .integer(0xDEAD_BEEF)), ("a = 0o17", .integer(15)), ("a = 0b101", .integer(5)), ("a = -0", .integer(0)),
        ("a = 1_000.5e-1_0", .float(1000.5e-10, text: "1000.5e-10")), ("a = +6.020E+23", .float(6.02e23, text: "6.020E+23")),
        ("a = -inf", .float(-.infinity, text: "-inf")),
        ("a = '''\r\nx'''", .string("x")), ("a = \"\"\"x\\  \n\n  y\"\"\"", .string("xy")), ("a = \"\\u00e9\\U0001F600\"", .string("é😀")),
        ("a = '\\u0000'", .string("\\u0000")), ("a = \"\\u0000\"", .string("\0")),
        ("a = 1979-05-27 07:32:00.5-07:30", .dateTime(TOMLDateTime(
            day: .init(year: 1979, month: 5, day: 27), time: .init(hour: 7, minute: 32, second: 0, nanosecond: 500_000_000), offset: -450))),
        ("a = 23:59:60.1234567891", .dateTime(TOMLDateTime(time: .init(hour: 23, minute: 59, second: 60, nanosecond: 123_456_789)))),
        ("a = 1979-05-27 # x", .dateTime(TOMLDateTime(day: .init(year: 1979, month: 5, day: 27)))),
    ])
    func `a value is read as TOML means it`(text: String, value: TOMLValue) throws {
        #expect(try read(text)["a"]?.value == value)
    }

    @Test func `a date prints in the form of RFC 3339`() {
        let day = TOMLDateTime.Day(year: 7, month: 5, day: 27)
        let time = TOMLDateTime.Time(hour: 7, minute: 3, second: 9, nanosecond: 50_000_000)
        #expect(TOMLDateTime(day: day, time: time, offset: -450).description == "0007-05-27T07:03:09.05-07:30")
        #expect(TOMLDateTime(day: day, time: time, offset: 0).description == "0007-05-27T07:03:09.05Z")
        #expect(TOMLDateTime(day: day).description == "0007-05-27")
        #expect(TOMLDateTime(time: time).description == "07:03:09.05")
    }

    @Test func `nesting has a bound, however it is written`() throws {
        let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(try read("a = \(deep)").members.count == 1)
        let name = repeatElement("a", count: 300).joined(separator: ".")
        for text in [
            "a = " + String(repeating: "[", count: 100_000), "a = " + String(repeating: "{a=", count: 100_000), "\(name) = 1", "[\(name)]",
            "[[\(name)]]", "a = { \(name) = 1 }",
        ] {
            let error = try #require(throws: TOMLError.self) { try read(text) }
            #expect(error.message == "tables and arrays may be nested 128 deep at most")
        }
    }

    @Test func `a long document takes time in proportion`() throws {
        let many = (0..<30_000).map { "[[t]]\nn\($0).x = \($0)\n[u.v\($0)]\n" }.joined()
        let table = try read(many)
        guard case .array(let tables)? = table["t"]?.value, case .table(let last)? = tables.last else {
            Issue.record("no array of tables")
            return
        }
        #expect(tables.count == 30_000)
        #expect(last["n29999"]?.line == 89_999)
    }
}
