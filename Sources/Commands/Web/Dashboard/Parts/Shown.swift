import Beat
import CeleryCore
import Glibc
import WebServer

/// Values as pages show them.
enum Shown {
    /// `3 min ago`, with the time itself for machines and as a tip.
    static func ago(_ time: Timestamp?, _ now: Timestamp) -> HTML {
        guard let time else { return "-" }
        let seconds = (now - time).inSeconds
        let words = seconds < 0 ? "in \(DurationWords.text(-seconds))" : "\(DurationWords.text(seconds)) ago"
        return "<time datetime=\"\(ISO8601.text(time))\" title=\"\(LocalTime.text(time))\">\(words)</time>"
    }

    /// The time itself, and how long ago or in how long.
    static func time(_ time: Timestamp?, _ now: Timestamp) -> HTML {
        guard let time else { return "-" }
        let seconds = (now - time).inSeconds
        let words = seconds < 0 ? "in \(DurationWords.fine(-seconds))" : "\(DurationWords.fine(seconds)) ago"
        return "<time datetime=\"\(ISO8601.text(time))\">\(LocalTime.text(time))</time> (\(words))"
    }

    /// A state: by word and colour.
    static func state(_ name: String) -> HTML {
        // SCHEDULED is a state of lists and not of results.
        let kind: HTML = switch TaskPhase(rawValue: name.lowercased()) ?? TaskPhase(TaskState(name: name)) {
        case .queued, .scheduled: "waiting"
        case .started: "running"
        case .retry: "retry"
        case .success: "success"
        case .failure: "failure"
        case .revoked: "revoked"
        }
        return "<span class=\"state \(kind)\">\(name)</span>"
    }

    /// A mark that somebody should look, or that all is well.
    static func mark(_ text: String, isAlarm: Bool) -> HTML {
        let kind: HTML = isAlarm ? "failure" : "success"
        return "<span class=\"state \(kind)\">\(text)</span>"
    }

    /// The id of a task, which leads to its page if an address can have it.
    static func task(_ id: TaskID) -> HTML {
        guard StatusRoutes.isID(id.text) else { return code(id.text) }
        return "<a class=\"id\" href=\"\(PagePath("task", id.text))\">\(id.text)</a>"
    }

    static func queue(_ name: String?) -> HTML {
        guard let name else { return "-" }
        let path = PagePath("queues", name)
        return path.isPossible ? "<a href=\"\(path)\">\(name.forLog)</a>" : HTML(name.forLog)
    }

    static func code(_ text: String) -> HTML { "<code>\(text)</code>" }

    /// A number, or that it is not known.
    static func count(_ number: Int?) -> HTML { number.map { "\($0)" } ?? "<span class=\"muted\">not known</span>" }

    /// Why something is not told.
    ///
    /// - Parameter reason: A sentence without its full stop.
    static func missing(_ reason: String) -> HTML { "<p class=\"muted\">\(reason).</p>" }

    /// Lines of text, at most so many bytes of their end.
    static func text(_ text: String, limit: Int = 65_536) -> HTML {
        let bytes = text.utf8.count
        guard bytes > limit else { return "<pre tabindex=\"0\">\(text)</pre>" }
        let end = String(decoding: text.utf8.suffix(limit), as: UTF8.self)
        return "<p class=\"muted\">The last \(limit) of \(bytes) bytes:</p><pre tabindex=\"0\">\(end)</pre>"
    }

    /// Names and values.
    static func list(_ fields: [(String, HTML)]) -> HTML {
        "<dl>\(fields.map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>" as HTML })</dl>"
    }

    /// A part of a page with a heading of its own.
    static func section(_ title: String, _ body: HTML) -> HTML { "<section><h2>\(title)</h2>\(body)</section>" }

    /// `1 message`, `2 messages`.
    static func number(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    /// The name of the local time zone at a time. The corresponding C function is `localtime_r`.
    static func zone(_ time: Timestamp) -> String {
        var seconds = time_t(min(max(time.seconds, 0), 253_402_300_799))
        var fields = tm()
        guard localtime_r(&seconds, &fields) != nil, let zone = fields.tm_zone else { return "UTC" }
        return String(cString: zone)
    }
}
