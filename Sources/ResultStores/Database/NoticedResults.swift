import CeleryCore

/// The ids of tasks of whose results notices told, in order: a feed for those who wait for many.
struct NoticedResults {
    private var ids: [TaskID] = []
    /// The position before the first of `ids`: of what came earlier nothing is known.
    private var begin: Int64 = 0

    /// Ids that are kept at most.
    private static let most = 50_000

    /// The position after the last.
    var end: Int64 { begin + Int64(ids.count) }

    mutating func add(_ new: [TaskID]) {
        ids += new
        guard ids.count > Self.most else { return }
        let late = ids.count - Self.most / 2
        ids.removeFirst(late)
        begin += Int64(late)
    }

    /// Notices may have been missed: whoever follows has to look for all of its tasks.
    mutating func miss() {
        begin = end + 1
        ids = []
    }

    /// - Returns: `nil` if not everything after the position is known.
    func ids(after position: Int64) -> [TaskID]? {
        guard position >= begin, position <= end else { return nil }
        return Array(ids[Int(position - begin)...])
    }
}
