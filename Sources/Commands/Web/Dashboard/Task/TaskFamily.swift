import CeleryCore
import Client
import WebServer

/// The tasks that led to a task, and those that it led to.
struct TaskFamily: Sendable {
    /// A relative.
    struct Member: Sendable {
        var id: TaskID
        /// `nil` if it is not known.
        var state: TaskState?
        var task: String?
        var children: [Member] = []
    }

    /// The first task first, the parent last.
    private(set) var ancestors: [Member] = []
    private(set) var children: [Member] = []
    /// Whether there are more than are shown.
    private(set) var isCut = false
    let group: String?

    /// Generations and relatives at most.
    private static let depth = 4
    private static let most = 100

    init(_ facts: TaskFacts, _ client: Client) async throws {
        group = facts.group
        var parent = facts.parent
        var seen: Set<TaskID> = [facts.id]
        while let id = parent, ancestors.count < Self.depth, seen.insert(id).inserted {
            let status = try await client.status(of: [id])[0]
            ancestors.insert(Self.member(status), at: 0)
            parent = status.result?.parentID
        }
        if parent != nil, ancestors.count == Self.depth { isCut = true }
        var left = Self.most
        children = try await descendants(facts.children, client, depth: Self.depth, &seen, &left)
    }

    private mutating func descendants(
        _ ids: [TaskID], _ client: Client, depth: Int, _ seen: inout Set<TaskID>, _ left: inout Int
    ) async throws -> [Member] {
        let fresh = ids.filter { seen.insert($0).inserted }
        guard depth > 0, left > 0 else {
            if !fresh.isEmpty { isCut = true }
            return []
        }
        if fresh.count > left { isCut = true }
        let some = Array(fresh.prefix(left))
        left -= some.count
        var members: [Member] = []
        for status in try await client.status(of: some) {
            var member = Self.member(status)
            member.children = try await descendants(TaskFacts.children(of: status.result), client, depth: depth - 1, &seen, &left)
            members.append(member)
        }
        return members
    }

    private static func member(_ status: TaskStatus) -> Member {
        let isKnown = status.result != nil || status.location != nil
        return Member(id: status.id, state: isKnown ? status.state : nil, task: status.result?.task ?? status.location?.task)
    }

    var isEmpty: Bool { ancestors.isEmpty && children.isEmpty && group == nil }

    /// As a tree of lists, with the task itself in its place.
    func html(_ own: HTML) -> HTML {
        let group: HTML? = self.group.map { "<p>Member of <a href=\"\(PagePath("sets", $0))\">task-set or group \($0.forLog)</a></p>" }
        var tree: HTML = "<li><strong>\(own)</strong>\(Self.list(children))</li>"
        for ancestor in ancestors.reversed() { tree = "<li>\(Self.line(ancestor))<ul>\(tree)</ul></li>" }
        let cut: HTML? = isCut ? "<p class=\"muted\">There are more relatives than are shown.</p>" : nil
        return "\(group)<ul class=\"tree\">\(tree)</ul>\(cut)"
    }

    private static func list(_ members: [Member]) -> HTML {
        members.isEmpty ? "" : "<ul>\(members.map { "<li>\(line($0))\(list($0.children))</li>" as HTML })</ul>"
    }

    private static func line(_ member: Member) -> HTML {
        let state = member.state.map { Shown.state($0.name) } ?? "<span class=\"muted\">not known</span>"
        return "\(Shown.task(member.id)) \(member.task?.forLog ?? "") \(state)"
    }
}
