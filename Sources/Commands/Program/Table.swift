import CeleryCore
import Processes

/// Rows of a result with a heading for each column.
///
/// On a terminal the columns are aligned under their headings, the last one cut at the right edge, if that leaves something of
/// it; a narrower terminal wraps the lines. Elsewhere, a row is a line of
/// fields separated by tabs, without headings, as scripts expect.
struct Table {
    private let headings: [String]
    private var rows: [[String]] = []

    /// What is shown of the last column in any case.
    private static let leastWidth = 16

    init(_ headings: [String]) { self.headings = headings }

    /// Adds a row. It may be shorter than the headings; tabs and line breaks become spaces.
    mutating func add(_ row: [String]) { rows.append(row.map(Self.flat)) }

    /// The lines to print; none without rows.
    ///
    /// - Parameter width: The width of the terminal; `nil` when the output is not a terminal.
    func lines(width: Int?) -> [String] {
        guard let width, !rows.isEmpty else { return rows.map { $0.joined(separator: "\t") } }
        let all = [headings.map { $0.uppercased() }] + rows
        let widths = headings.indices.map { column in all.map { $0.count > column ? $0[column].printable.count : 0 }.max() ?? 0 }
        let rest = max(Self.leastWidth, width - widths.dropLast().reduce(0) { $0 + $1 + 2 })
        return all.map { row in
            var line = ""
            for (column, text) in row.enumerated() {
                let text = text.printable
                let isLast = column >= headings.count - 1
                line += isLast && text.count > rest ? String(text.prefix(rest - 1)) + "…" : text
                if column < row.count - 1 { line += String(repeating: " ", count: max(0, (isLast ? 0 : widths[column]) - text.count) + 2) }
            }
            return line
        }
    }

    private static func flat(_ text: String) -> String {
        text.replacing(text: "\n", with: " ").replacing(text: "\t", with: " ")
    }
}

extension Output {
    /// Prints items as the rows of a table, or as objects with `--json`.
    ///
    /// - Returns: The number of lines.
    @discardableResult
    func table<Item>(
        _ items: some Sequence<Item>, _ headings: [String], fields: (Item) -> [String], object: (Item) -> JSONObject
    ) -> Int {
        var count = 0
        switch format {
        case .json:
            for item in items {
                self.object(object(item))
                count += 1
            }
        case .text:
            var table = Table(headings)
            for item in items { table.add(fields(item)) }
            let lines = table.lines(width: isTerminal ? TerminalSize.columns : nil)
            for line in lines { self.line(line) }
            count = lines.count
        }
        return count
    }
}
