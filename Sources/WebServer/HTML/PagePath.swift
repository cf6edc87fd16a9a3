import CeleryCore

/// The address of a page of this server: a path of encoded parts and a query, so that no text in it leads elsewhere.
package struct PagePath: Sendable, Equatable {
    private let parts: [String]
    private let query: [WebField]

    /// - Parameters:
    ///   - parts: None for `/`.
    ///   - query: Fields with an empty value are left out.
    package init(_ parts: String..., query: KeyValuePairs<String, String?> = [:]) {
        self.init(parts, query.map { WebField($0.key, $0.value ?? "") })
    }

    package init(_ parts: [String], _ query: [WebField]) {
        self.parts = parts
        self.query = query.filter { !$0.value.isEmpty }
    }

    /// Whether a request for it is taken: see `WebTarget`.
    package var isPossible: Bool {
        parts.allSatisfy { part in
            !part.isEmpty && part != "." && part != ".." && part.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }
        } && text.utf8.count <= WebTarget.longest
    }

    /// The address with another field.
    package func with(_ name: String, _ value: String) -> PagePath {
        PagePath(parts, query.filter { $0.name != name } + [WebField(name, value)])
    }

    package var text: String {
        let path = "/" + parts.map { PercentCoding.encode($0) }.joined(separator: "/")
        let fields = query.map { "\(PercentCoding.encode($0.name))=\(PercentCoding.encode($0.value))" }
        return fields.isEmpty ? path : "\(path)?\(fields.joined(separator: "&"))"
    }
}
