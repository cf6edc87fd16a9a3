/// A command to skip or stop tasks.
public struct Revocation: Sendable, Equatable {
    public var target: Target
    /// Whether to stop running attempts too.
    public var isTerminating: Bool
    /// The signal for running attempts: a name such as `TERM`, or a number.
    public var signal: String
    public var issued: Timestamp
    /// When the revocation is dropped.
    public var until: Timestamp

    /// Which tasks are revoked.
    public enum Target: Sendable, Hashable {
        /// The task with this id, submitted or not.
        case id(TaskID)
        /// Tasks of this name submitted before the revocation.
        case task(String)
        /// Tasks submitted before with this header, or with this stamp of Python's.
        case header(String, value: String)

        /// The task that is named; `nil` for a rule.
        package var id: TaskID? { if case .id(let id) = self { id } else { nil } }
    }

    /// TERM, as in Python.
    public static let defaultSignal = "TERM"

    public init(
        _ target: Target, isTerminating: Bool = false, signal: String = defaultSignal, issued: Timestamp, until: Timestamp
    ) {
        self.target = target
        self.isTerminating = isTerminating
        self.signal = signal
        self.issued = issued
        self.until = until
    }

    /// Whether the revocation applies to this message.
    ///
    /// The submission time is taken from an id of version 7, such as ours; a message with another id counts as older.
    public func covers(_ message: Message) -> Bool {
        switch target {
        case .id(let id): id == message.id
        case .task(let name): name == message.task && isLater(than: message.id)
        case .header(let name, let value): message.isMarked(name, value) && isLater(than: message.id)
        }
    }

    private func isLater(than id: TaskID) -> Bool { id.created.map { $0 <= issued } ?? true }
}

extension Message {
    /// Whether the message has this header or stamp with this value, or with a list that contains the value.
    fileprivate func isMarked(_ name: String, _ value: String) -> Bool {
        [headers[name], headers["stamps"]?[name]].contains { found in
            guard let found else { return false }
            return (found.arrayValue ?? [found]).contains { $0.displayText == value }
        }
    }
}

extension TaskID {
    /// When the id was created, for a UUID of version 7; in whole milliseconds.
    package var created: Timestamp? {
        let bytes = Array(text.utf8)
        guard bytes.count == 36, bytes[14] == UInt8(ascii: "7"), bytes[8] == UInt8(ascii: "-"), bytes[13] == UInt8(ascii: "-"),
            let milliseconds = UInt64(text.prefix(13).filter { $0 != "-" }, radix: 16)
        else { return nil }
        return Timestamp(seconds: Double(milliseconds) / 1_000)
    }
}

// MARK: Stored form

extension Revocation {
    package var json: JSON {
        var object: JSONObject = [
            "terminate": .bool(isTerminating), "signal": .string(signal), "issued": .double(issued.seconds),
            "until": .double(until.seconds),
        ]
        switch target {
        case .id(let id): object["id"] = .string(id.text)
        case .task(let name): object["task"] = .string(name)
        case .header(let name, let value):
            object["header"] = .string(name)
            object["value"] = .string(value)
        }
        return .object(object)
    }

    /// - Returns: `nil` for a malformed revocation or one of another version.
    package init?(json: JSON) {
        guard let issued = json["issued"]?.doubleValue, let until = json["until"]?.doubleValue else { return nil }
        let target: Target
        if let id = json["id"]?.stringValue {
            target = .id(TaskID(id))
        } else if let name = json["task"]?.stringValue {
            target = .task(name)
        } else if let name = json["header"]?.stringValue, let value = json["value"]?.stringValue {
            target = .header(name, value: value)
        } else {
            return nil
        }
        self.init(
            target, isTerminating: json["terminate"] == true, signal: json["signal"]?.stringValue ?? Self.defaultSignal,
            issued: Timestamp(seconds: issued), until: Timestamp(seconds: until))
    }
}
