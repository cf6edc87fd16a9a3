package import CeleryCore

/// The header Retry-After: seconds, or a date (RFC 9110 sections 10.2.3 and 5.6.7).
package enum RetryAfter {
    /// The longest wait that a server may ask for; it is a guess of the server, not a promise.
    package static let longest = 86_400.0

    /// Seconds from now; `nil` for anything else than the two forms.
    package static func seconds(_ text: String, now: Timestamp) -> Double? {
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return min(Double(text) ?? longest, longest) }
        return date(text).map { min(max(0, $0.seconds - now.seconds), longest) }
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `Sun, 06 Nov 1994 08:49:37 GMT`; the two obsolete forms of dates are not read.
    private static func date(_ text: String) -> Timestamp? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[0].hasSuffix(","), words[5] == "GMT", let month = months.firstIndex(of: String(words[2])),
            let day = number(words[1]), let year = number(words[3])
        else { return nil }
        let time = words[4].split(separator: ":", omittingEmptySubsequences: false).map(number)
        let date = CivilDate(year: year, month: month + 1, day: day)
        guard date.exists, time.count == 3, let hour = time[0], let minute = time[1], let second = time[2], hour < 24, minute < 60, second <= 60 else {
            return nil
        }
        return Timestamp(seconds: Double(date.daysSinceEpoch * 86_400 + hour * 3_600 + minute * 60 + second))
    }

    private static func number(_ text: Substring) -> Int? {
        text.utf8.count <= 4 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }
}
