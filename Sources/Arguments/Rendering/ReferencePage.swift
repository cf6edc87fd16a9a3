/// A manual page about something other than a command, such as a file: celery.toml(5).
package struct ReferencePage: Sendable {
    /// A piece of a section.
    package enum Block: Sendable {
        /// Running text without line breaks.
        case paragraph(String)
        /// A heading within the section.
        case heading(String)
        /// Names, and sentences that each begin a new line.
        case entry([String], [String])
        /// Verbatim lines of a file. Must follow a paragraph.
        case literal([String])
    }

    /// A section.
    package struct Part: Sendable {
        let heading: String
        let blocks: [Block]

        package init(_ heading: String, _ blocks: [Block]) {
            self.heading = heading
            self.blocks = blocks
        }
    }

    /// The name of the page, such as `celery.toml`; with a dot and the section, the name of its file.
    package let name: String
    /// The section of the manual.
    package let section: Int
    /// One line, without a period.
    package let summary: String
    package let parts: [Part]
    /// Related pages, such as `celery(7)`.
    package let seeAlso: [String]

    package init(name: String, section: Int, summary: String, parts: [Part], seeAlso: [String]) {
        self.name = name
        self.section = section
        self.summary = summary
        self.parts = parts
        self.seeAlso = seeAlso
    }

    /// The source of the page, with the program's version and date.
    package func render(in table: CommandTable) -> String {
        var page = RoffPage()
        page.title(name, section: section, table)
        page.names([name], summary)
        for part in parts {
            var blocks = part.blocks[...]
            // mandoc warns about a paragraph request directly after a heading.
            if case .paragraph(let text)? = blocks.first {
                page.section(part.heading, [text])
                blocks.removeFirst()
            } else {
                page.section(part.heading, [])
            }
            for block in blocks { page.add(block) }
        }
        page.seeAlso(seeAlso)
        return page.text
    }
}

extension RoffPage {
    fileprivate mutating func add(_ block: ReferencePage.Block) {
        switch block {
        case .paragraph(let text): paragraph(text)
        case .heading(let text): subheading(text)
        case .entry(let names, let texts): entry(names.map(Roff.bold).joined(separator: ", "), texts)
        case .literal(let text): literal(text)
        }
    }
}
