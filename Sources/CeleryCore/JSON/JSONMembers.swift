/// Collects the members of an object while it is parsed; of two members with one name, the later value replaces the
/// earlier one in place.
///
/// Comparing each name with all earlier names would cost more than reading them. A 64-bit filter of fingerprints
/// proves nearly all names of a small object new, and a large object has a dictionary.
package struct JSONMembers {
    package private(set) var members: [(key: String, value: JSON)] = []
    private var filter: UInt64 = 0
    /// `false` once a name was added without a fingerprint: then the filter is incomplete.
    private var filterIsComplete = true
    private var index: [String: Int] = [:]

    package init() {}

    /// With this many members the filter is full, and names are looked up in `index`.
    private static let largest = 32

    /// Adds a member. `fingerprint` is equal for equal names; `nil` when unknown.
    package mutating func append(_ key: String, _ value: JSON, fingerprint: UInt64?) {
        if members.isEmpty { members.reserveCapacity(4) }
        if members.count >= Self.largest {
            appendToLarge(key, value)
            return
        }
        let isNew: Bool
        if let fingerprint, filterIsComplete {
            let bit: UInt64 = 1 << (fingerprint >> 58)
            isNew = filter & bit == 0
            filter |= bit
        } else {
            filterIsComplete = false
            isNew = members.isEmpty
        }
        if !isNew, let earlier = members.firstIndex(where: { JSONObject.isSameName($0.key, key) }) {
            members[earlier].value = value
        } else {
            members.append((key, value))
        }
    }

    private mutating func appendToLarge(_ key: String, _ value: JSON) {
        if index.isEmpty {
            for (place, member) in members.enumerated() { index[member.key] = place }
        }
        guard let place = index[key] else {
            index[key] = members.count
            members.append((key, value))
            return
        }
        // The dictionary treats canonically equivalent names as equal; compare again.
        if JSONObject.isSameName(members[place].key, key) {
            members[place].value = value
        } else if let place = members.firstIndex(where: { JSONObject.isSameName($0.key, key) }) {
            members[place].value = value
        } else {
            members.append((key, value))
        }
    }
}
