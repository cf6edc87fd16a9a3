@testable import Commands
import Testing

struct TableTests {
    private func table(_ rows: [String]...) -> Table {
        var table = Table(["id", "state", "details"])
        for row in rows { table.add(row) }
        return table
    }

    @Test func `for scripts a row is a line of fields between tabs, without headings`() {
        #expect(table(["1", "SUCCESS", "a\tb\nc"], ["22", "-"]).lines(width: nil) == ["1\tSUCCESS\ta b c", "22\t-"])
    }

    @Test func `on a terminal the columns stand under headings`() {
        #expect(table(["1", "SUCCESS", "x"], ["22", "-", "ü"]).lines(width: 80) == ["ID  STATE    DETAILS", "1   SUCCESS  x", "22  -        ü"])
    }

    @Test func `the last column ends at the edge of the terminal`() {
        #expect(table(["1", "OK", "some text that is too long"]).lines(width: 30) == ["ID  STATE  DETAILS", "1   OK     some text that is …"])
    }

    @Test func `a narrow terminal wraps the lines, and still shows something of the last column`() {
        #expect(table(["1", "OK", "some text that is too long"]).lines(width: 5).last == "1   OK     some text that …")
    }

    @Test func `control characters cannot move the cursor, nor the columns`() {
        #expect(table(["\u{1B}[2J", "OK", "x"]).lines(width: 80).allSatisfy { !$0.contains("\u{1B}") })
    }

    @Test func `nothing is nothing`() {
        #expect(table().lines(width: 80) == [] && table().lines(width: nil) == [])
    }
}
