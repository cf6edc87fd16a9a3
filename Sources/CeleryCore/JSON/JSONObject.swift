/// The members of a JSON object, in the order they were written.
///
/// Celery's objects have a dozen members or so, for which a linear search
/// through an array beats hashing.
public struct JSONObject: Sendable {
    /// Names and values, in order; each name once.
    public private(set) var members: [(key: String, value: JSON)]

    /// An object without members.
    public init() { members = [] }

    /// An object of the given members; of two with one name, the later value
    /// stays, in the place of the earlier, as in Python.
    public init(_ members: some Sequence<(String, JSON)>) {
        self.members = []
        for (key, value) in members { self[key] = value }
    }

    /// Takes members known to have distinct names without looking at them.
    package init(distinct members: [(key: String, value: JSON)]) { self.members = members }

    public var isEmpty: Bool { members.isEmpty }
    public var count: Int { members.count }
    public var keys: [String] { members.map(\.key) }

    /// The value named `key`; setting `nil` removes the member.
    public subscript(key: String) -> JSON? {
        get { index(of: key).map { members[$0].value } }
        set {
            switch (index(of: key), newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append((key, value))
            case (nil, nil): break
            }
        }
    }

    private func index(of key: String) -> Int? {
        members.firstIndex { JSONObject.isSameName($0.key, key) }
    }

    /// Whether two names are one.
    ///
    /// Lengths come first: nearly every pair of names differs there, at the price of
    /// two loads. They also keep apart names that Unicode holds for equivalent
    /// (`é` as one scalar or as two), which Python knows as two keys.
    static func isSameName(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count && left == right
    }
}

extension JSONObject: Hashable {
    /// Equal when the same names have the same values, in whatever order.
    public static func == (left: Self, right: Self) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        for key in keys.sorted() {
            hasher.combine(key)
            hasher.combine(self[key])
        }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }
}
