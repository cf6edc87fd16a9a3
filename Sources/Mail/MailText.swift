package import CeleryCore

/// The text of a mail.
package struct MailText: Sendable {
    package var settings: MailSettings
    /// The name of this machine, for Message-IDs.
    package var host: String

    package init(settings: MailSettings, host: String) {
        self.settings = settings
        self.host = host
    }

    /// The most bytes of a traceback; its end is kept.
    package static let detailLimit = 16_384
    /// The most kinds of failures in a summary.
    private static let mostLines = 200

    /// The mail, with CRLF at the end of each line.
    package func mail(_ draft: MailDigest.Draft, now: Timestamp) -> [UInt8] {
        let subject = subject(of: draft)
        switch draft {
        case .failures(let group, let count):
            // The first mail of a kind is about its first failure, as the original's; the others carry on its thread.
            return compose(subject, failures(group, count), group, number: group.mails, now)
        case .recovery(let group):
            let since = group.succeeded ?? group.last
            let body = """
                \(title(group)) has succeeded since \(ISO8601.text(since)),
                and has not failed with \(group.sample.error) again.

                It failed \(times(group.total)) between \(ISO8601.text(group.first))
                and \(ISO8601.text(group.last)).
                """
            return compose(subject, body, group, number: group.mails, now)
        case .summary(let groups):
            let lines = groups.map { "\($0.pending) x \(title($0)): \($0.sample.error): \($0.sample.message.inOneLine(limit: 200))" }
            let shown = lines.prefix(Self.mostLines) + (lines.count > Self.mostLines ? ["... and \(lines.count - Self.mostLines) more kinds"] : [])
            let body = "More kinds of failures than mails may be sent in an hour:\n\n" + shown.joined(separator: "\n")
            return compose(subject, body, nil, number: 0, now)
        }
    }

    /// What it is about, in one line.
    func subject(of draft: MailDigest.Draft) -> String {
        switch draft {
        case .failures(let group, let count): subject(group, count)
        case .recovery(let group): "[\(group.sample.worker)] \(title(group)) works again"
        case .summary(let groups): "[\(groups.first?.sample.worker ?? host)] Errors: \(groups.count) kinds of failures"
        }
    }

    /// A mail that only shows that mails arrive.
    package func trial(now: Timestamp) -> [UInt8] {
        compose(trialSubject, "celery doctor --mail has sent this on \(host). There is nothing to do.", nil, number: 0, now)
    }

    /// The same as JSON.
    package func trialNotice(now: Timestamp) -> [UInt8] {
        let notice: JSON = ["event": "trial", "text": .string(trialSubject), "host": .string(host), "time": .string(ISO8601.text(now))]
        return notice.bytes(style: .compact)
    }

    private var trialSubject: String { "[\(host)] Notices of celery arrive" }

    private func title(_ group: MailDigest.Group) -> String {
        switch group.sample.kind {
        case .loss: "Worker \(group.sample.task)"
        case .deadLetter: "Dead letter of task \(group.sample.task)"
        case .alarm: "Periodic task \(group.sample.task)"
        case .failure, .success: "Task \(group.sample.task)"
        }
    }

    private func subject(_ group: MailDigest.Group, _ count: Int) -> String {
        let sample = group.sample
        let id = sample.id.isEmpty ? "" : " (\(sample.id))"
        guard group.mailed == nil else { return "[\(sample.worker)] Error: \(title(group)): \(sample.error), \(times(count))" }
        return "[\(sample.worker)] Error: \(title(group))\(id): \(sample.error): \(sample.message)"
    }

    private func failures(_ group: MailDigest.Group, _ count: Int) -> String {
        let sample = group.sample
        var lines: [String] = []
        if group.mailed != nil {
            lines += ["\(title(group)) failed with \(sample.error) \(times(count)) since the last mail, and \(times(group.total)) since", "\(ISO8601.text(group.first)). The last time:", ""]
        } else if count > 1 {
            lines += ["\(title(group)) failed with \(sample.error) \(times(count)). The last time:", ""]
        }
        func add(_ name: String, _ value: String) {
            if !value.isEmpty { lines.append(name + String(repeating: " ", count: max(1, 11 - name.count)) + value.inOneLine(limit: 4_000)) }
        }
        add(sample.kind == .loss ? "Worker:" : sample.kind == .alarm ? "Entry:" : "Task:", sample.task)
        add("Id:", sample.id)
        add("Error:", "\(sample.error): \(sample.message)")
        if sample.kind == .deadLetter { lines.append("           The message is kept: celery dead list") }
        add("Arguments:", sample.arguments)
        add("Attempt:", sample.attempt > 0 ? "\(sample.attempt)" : "")
        add("Time:", ISO8601.text(sample.time))
        if !sample.details.isEmpty {
            let bytes = sample.details.utf8
            let end = bytes.count > Self.detailLimit ? "[...]\n" + String(decoding: bytes.suffix(Self.detailLimit), as: UTF8.self) : sample.details
            lines += ["", "Traceback or output:", "", end.printable]
        }
        return lines.joined(separator: "\n")
    }

    private func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times" }

    // MARK: The form of RFC 5322

    private func compose(_ subject: String, _ body: String, _ group: MailDigest.Group?, number: Int, _ now: Timestamp) -> [UInt8] {
        let worker = group?.sample.worker ?? host
        let thread = group.map { PercentCoding.encode($0.thread) } ?? "summary.\(Int64(now.seconds * 1_000))"
        let domain = PercentCoding.encode(host.isEmpty ? "localhost" : host)
        let text = body + "\n\n-- \ncelery: \(worker)\nFurther failures of a kind come as one mail every ten minutes.\n"
        var head = [
            "From: <\(settings.sender)>",
            "To: " + settings.admins.map { $0.name.isEmpty ? "<\($0.address)>" : "\(Self.phrase($0.name)) <\($0.address)>" }.joined(separator: ",\r\n "),
            "Subject: " + Self.word((settings.subjectPrefix + subject).inOneLine(limit: 400)),
            "Date: " + Self.date(now),
            "Message-ID: <\(thread).\(number)@\(domain)>",
        ]
        if number > 0 { head.append("References: <\(thread).0@\(domain)>") }
        head += [
            "Auto-Submitted: auto-generated", "List-Id: <errors.celery.\(domain)>", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64",
        ]
        // Base64 whatever it is: no line is too long, and no server changes anything.
        let encoded = Array(Base64.encode(text.utf8).utf8)
        let lines = stride(from: 0, to: encoded.count, by: 76).map { String(decoding: encoded[$0..<min($0 + 76, encoded.count)], as: UTF8.self) }
        return Array((head + [""] + lines + [""]).joined(separator: "\r\n").utf8)
    }

    /// A name of a person.
    private static func phrase(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || " -_".utf8.contains($0) }
        return isPlain ? text : encodedWords(text)
    }

    /// Unstructured text of one line, such as a subject.
    private static func word(_ text: String) -> String {
        let isPlain = text.utf8.count <= 900 && !text.hasPrefix(" ") && text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !text.contains(text: "=?")
        return isPlain ? text : encodedWords(text)
    }

    /// Words of RFC 2047, of up to 75 characters each.
    private static func encodedWords(_ text: String) -> String {
        var words: [String] = []
        var part: [UInt8] = []
        for scalar in text.unicodeScalars {
            let bytes = Array(String(Character(scalar)).utf8)
            if part.count + bytes.count > 45 {
                words.append("=?utf-8?B?\(Base64.encode(part))?=")
                part = []
            }
            part += bytes
        }
        return (words + ["=?utf-8?B?\(Base64.encode(part))?="]).joined(separator: "\r\n ")
    }

    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `Sun, 06 Nov 1994 08:49:37 +0000`.
    static func date(_ time: Timestamp) -> String {
        let seconds = Int(max(0, min(time.seconds, 253_402_300_799)))
        let date = CivilDate(daysSinceEpoch: seconds / 86_400)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let rest = seconds % 86_400
        return "\(days[seconds / 86_400 % 7]), \(two(date.day)) \(months[date.month - 1]) \(date.year) "
            + "\(two(rest / 3_600)):\(two(rest / 60 % 60)):\(two(rest % 60)) +0000"
    }
}
