import CeleryCore
import Logging
import Schedules
import Wire

/// The log messages of beat.
struct BeatLog: Sendable {
    let logger: Logger
    /// Told of alarms, besides the log.
    var onAlarm: @Sendable (BeatAlarm) -> Void = { _ in }

    func leads() { logger.info("This beat is the leader and sends the due tasks") }
    func waits() { logger.info("Another beat is the leader; waiting to take over") }
    func lostLead() { logger.warning("Another beat has become the leader; waiting to take over") }

    func sent(_ entry: Entry, _ due: Timestamp, _ id: TaskID, now: Timestamp) {
        guard logger.logLevel <= .info else { return }
        let late = now.seconds - due.seconds
        let note = late >= 1 ? ", \(DurationWords.text(late)) late" : ""
        logger.info("Sending due task \(entry.name.forLog) (\(entry.message.task.forLog)[\(id)])\(note)")
    }

    func passedOver(_ entry: Entry, _ passed: EntryPlan.PassedOver) {
        let times = passed.count == 1 ? "the run of \(ISO8601.text(passed.first))" :
            "\(passed.count) runs from \(ISO8601.text(passed.first)) to \(ISO8601.text(passed.last))"
        let reason = switch passed.reason {
        case .missed: "no beat was running in time (missed = \"skip\")"
        case .standsForThem: "one later run replaces them (missed = \"once\")"
        case .tooLongAgo: "older than the entry's \"within\" allows"
        case .stillRunning: "the previous run has not ended (overlap = \"skip\")"
        }
        logger.warning("Skipped \(times) of \(entry.name.forLog): \(reason)")
    }

    func paused(_ entry: String, _ pause: EntryPause) {
        let until = pause.until.map { " until \(ISO8601.text($0))" } ?? ""
        logger.info("Paused \(entry.forLog)\(until)\(pause.reason.map { ": \($0.forLog)" } ?? "")")
    }

    func resumed(_ entry: String) { logger.info("Resumed \(entry.forLog)") }

    func unknownEntry(_ entry: String) { logger.warning("Ignored a command to pause or resume \(entry.forLog): no such periodic task") }

    func absent(_ entry: Entry, since: Timestamp?) {
        let last = since.map { "the last success was \(ISO8601.text($0))" } ?? "it has never succeeded"
        let limit = DurationWords.text(entry.periodic.expectWithin?.inSeconds ?? 0)
        logger.error("\(entry.name.forLog) has not succeeded within \(limit): \(last)")
        onAlarm(BeatAlarm(entry: entry.name, .absent, "it has not succeeded within \(limit): \(last)"))
    }

    func failing(_ entry: Entry, _ count: Int) {
        let text = "has failed \(count) time\(count == 1 ? "" : "s") in a row"
        logger.error("\(entry.name.forLog) \(text)")
        onAlarm(BeatAlarm(entry: entry.name, .failing, "it \(text)"))
    }

    func backAgain(_ entry: Entry) {
        logger.info("\(entry.name.forLog) has succeeded again")
        onAlarm(BeatAlarm(entry: entry.name, .over, ""))
    }

    func refused(_ entry: Entry, _ error: any Error) {
        logger.error("Cannot send \(entry.name.forLog) (\(entry.message.task.forLog)); will try again: \(error)")
    }

    func neverDue(_ entry: Entry) { logger.warning("\(entry.name.forLog) will never be due again: \(entry.periodic.schedule)") }

    func trouble(_ what: String, _ error: any Error) { logger.error("\(what): \(error)") }

    func reloaded(_ count: Int) { logger.info("Settings reloaded: \(count) periodic task\(count == 1 ? "" : "s")") }
}
