package import CeleryCore

/// Reads what a program writes to its channel: splits it into lines, and collects what they say.
package struct TaskChannel: Sendable {
    /// What the program has said so far.
    package private(set) var story = TaskStory()
    private var line: [UInt8] = []
    /// Whether the current line is too long, so that its rest is skipped.
    private var isOverlong = false
    /// What is wrong with the first lines that could not be read.
    package private(set) var complaints: [String] = []

    /// Number of complaints that are kept; a program that writes something else to the channel would fill the log.
    private static let complaintLimit = 3

    package init() {}

    /// Takes bytes as they come.
    package mutating func take(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                endLine()
            } else if line.count < TaskTelling.lineLimit {
                line.append(byte)
            } else {
                isOverlong = true
            }
        }
    }

    /// Takes a last line without a line feed.
    package mutating func finish() {
        if !line.isEmpty || isOverlong { endLine() }
    }

    /// Takes the news to pass on; see `TaskStory.report`.
    package mutating func takeNews() -> JSONObject? { story.report() }

    private mutating func endLine() {
        defer {
            line.removeAll(keepingCapacity: line.capacity <= 1 << 12)
            isOverlong = false
        }
        do throws(InvalidTelling) {
            if isOverlong { throw InvalidTelling("a line is longer than \(TaskTelling.lineLimit) bytes") }
            if line.isEmpty { return }
            story.add(try TaskTelling(parsing: line))
        } catch {
            if complaints.count < Self.complaintLimit { complaints.append("\(error)") }
        }
    }
}
