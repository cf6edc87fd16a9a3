/// The members of a JSON object, in order.
///
/// Celery's objects have about a dozen members, for which a linear search beats hashing.
public struct JSONObject: Sendable {
    /// Names and values in order; names are unique.
    public private(set) var members: [(key: String, value: JSON)]

    /// An object without members.
    public init() { members = [] }

    /// An object with the given members; of two members with one name, the later value replaces the earlier one in place, as in
    /// Python.
    public init(_ members: some Sequence<(String, JSON)>) {
        self.members = []
        for (key, value) in members { self[key] = value }
    }

    /// Takes members known to have distinct names, without checking.
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

    /// Whether two names are the same.
    ///
    /// Lengths are compared first: nearly all pairs of names differ there, at the price of two loads. Lengths also distinguish
    /// names that Unicode considers equivalent (`é` as one scalar or as two), which are two keys in Python.
    static func isSameName(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count && left == right
    }
}

extension JSONObject: Hashable {
    /// Equal when the same names have the same values, in any order.
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
