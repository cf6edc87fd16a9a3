/// A header line.
package struct WebField: Sendable, Hashable {
    /// In lower case in requests.
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
