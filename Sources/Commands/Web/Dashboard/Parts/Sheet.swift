import WebServer

/// A table. The first column names its row.
struct Sheet {
    /// What it is a table of, for those who do not see it.
    var caption: String
    var headings: [String]
    /// Columns of numbers.
    var numbers: Set<Int> = []
    var rows: [[HTML]] = []
    /// A sentence in place of an empty table.
    var empty: String

    var html: HTML {
        guard !rows.isEmpty else { return "<p class=\"muted\">\(empty)</p>" }
        let head = headings.enumerated().map { index, text -> HTML in
            // A column of buttons needs a name only where it is read aloud.
            text == Self.actions ? "<th scope=\"col\"><span class=\"hidden\">\(text)</span></th>" : "<th scope=\"col\"\(style(index))>\(text)</th>"
        }
        let body = rows.map { row -> HTML in
            let cells = row.enumerated().map { index, cell -> HTML in
                index == 0 ? "<th scope=\"row\">\(cell)</th>" : "<td\(style(index))>\(cell)</td>"
            }
            return "<tr>\(cells)</tr>\n"
        }
        // Wide tables move sideways within the page, by keys as well.
        return """
            <div class="wide" role="region" aria-label="\(caption)" tabindex="0"><table>
            <thead><tr>\(head)</tr></thead>
            <tbody>
            \(body)</tbody>
            </table></div>
            """
    }

    /// The heading of a column of actions.
    static let actions = "Actions"

    private func style(_ index: Int) -> HTML { numbers.contains(index) ? " class=\"number\"" : "" }
}
