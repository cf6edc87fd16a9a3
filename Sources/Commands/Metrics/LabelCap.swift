/// Limits the values of a label: whoever may send messages chooses names, and each is a series that Prometheus keeps.
struct LabelCap: Sendable {
    private var taken: Set<String> = []
    private let most: Int

    /// Stands for all values beyond the limit.
    static let other = "other"
    /// Bytes of the longest value.
    static let longest = 200

    init(_ most: Int) { self.most = most }

    /// The value as it is told.
    mutating func value(_ text: String) -> String {
        if taken.contains(text) { return text }
        guard taken.count < most, text.utf8.count <= Self.longest else { return Self.other }
        taken.insert(text)
        return text
    }
}
