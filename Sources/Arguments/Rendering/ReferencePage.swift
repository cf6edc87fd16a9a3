/// A manual page that is not about a command but, say, about a file: celery.toml(5).
package struct ReferencePage: Sendable {
    /// A piece of a section.
    package enum Block: Sendable {
        /// Running text, one line of source.
        case paragraph(String)
        /// A heading within the section.
        case heading(String)
        /// Names, and sentences each of which begins a line.
        case entry([String], [String])
        /// Lines as they are written in a file. Must come after a paragraph.
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

    /// What the page is about, and with the section after a dot its file: `celery.toml`.
    package let name: String
    /// The section of the manual.
    package let section: Int
    /// One line, without a period.
    package let summary: String
    package let parts: [Part]
    /// Other pages to read, as `celery(7)`.
    package let seeAlso: [String]

    package init(name: String, section: Int, summary: String, parts: [Part], seeAlso: [String]) {
        self.name = name
        self.section = section
        self.summary = summary
        self.parts = parts
        self.seeAlso = seeAlso
    }

    /// The page's source, dated and named as those of the program's commands.
    package func render(in table: CommandTable) -> String {
        var page = RoffPage()
        page.title(name, section: section, table)
        page.names([name], summary)
        for part in parts {
            var blocks = part.blocks[...]
            // Text right under a heading needs no request of its own, and mandoc complains of one.
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
