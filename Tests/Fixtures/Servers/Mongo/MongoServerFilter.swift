/// The conditions of MongoDB's query language that the client uses; any other ends the connection, so that a test notices.
enum MongoServerFilter {
    static func matches(_ document: MongoServerValue, _ filter: MongoServerValue) throws -> Bool {
        for member in filter.members {
            if member.name == "$or" {
                guard try member.value.list.contains(where: { try matches(document, $0) }) else { return false }
                continue
            }
            guard try holds(document[member.name], member.value) else { return false }
        }
        return true
    }

    private static func holds(_ value: MongoServerValue?, _ condition: MongoServerValue) throws -> Bool {
        guard case .document(let operators) = condition, operators.first?.name.hasPrefix("$") == true else { return isEqual(value, condition) }
        for each in operators {
            let isMet: Bool =
                switch each.name {
                case "$in": each.value.list.contains { isEqual(value, $0) }
                case "$nin": !each.value.list.contains { isEqual(value, $0) }
                case "$not": try !holds(value, each.value)
                case "$gt": order(value, each.value).map { $0 > 0 } ?? false
                case "$gte": order(value, each.value).map { $0 >= 0 } ?? false
                case "$lt": order(value, each.value).map { $0 < 0 } ?? false
                case "$lte": order(value, each.value).map { $0 <= 0 } ?? false
                default: throw MongoServerValue.Malformed()
                }
            if !isMet { return false }
        }
        return true
    }

    /// A missing member is as null; numbers of different types are compared.
    static func isEqual(_ value: MongoServerValue?, _ other: MongoServerValue) -> Bool {
        guard let value else { return other == .null }
        return value == other || order(value, other) == 0
    }

    /// Negative, 0 or positive; `nil` for values of different kinds, which no comparison finds.
    static func order(_ value: MongoServerValue?, _ other: MongoServerValue) -> Int? {
        switch (value, other) {
        case (.text(let left)?, .text(let right)):
            return left == right ? 0 : left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
        case (.date(let left)?, .date(let right)): return left == right ? 0 : left < right ? -1 : 1
        case (.bool?, _), (_, .bool): return nil
        default:
            guard let left = value?.number, let right = other.number else { return nil }
            return left == right ? 0 : left < right ? -1 : 1
        }
    }

    /// The order of a sort, in which what has no date comes first.
    static func precedes(_ left: MongoServerValue, _ right: MongoServerValue, by keys: [MongoServerValue.Member]) -> Bool {
        for key in keys {
            let (first, second) = (left[key.name] ?? .null, right[key.name] ?? .null)
            let order = order(first, second) ?? (first == second ? 0 : first == .null ? -1 : 1)
            if order != 0 { return (key.value.number ?? 1) > 0 ? order < 0 : order > 0 }
        }
        return false
    }
}
