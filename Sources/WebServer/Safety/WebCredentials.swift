package import CeleryCore
import Processes

/// The file of users and tokens.
///
///     # a user: its hash as mkpasswd, htpasswd -B or openssl passwd -6 print it, and what it may do
///     ada:$y$j9T$...:act
///     grace:$6$...
///     # a bearer token: the SHA-256 of at least 32 random characters
///     @ci:9f86d081884c7d65...:act
///     # a token that only submits tasks of these names
///     @shop:60303ae22b998861...:apply=shop.*,mail.send
///
/// `act` includes `read`; without a third part a line gives `read`.
package struct WebCredentials: Sendable, Equatable {
    /// Hashes of crypt(3) and rights, by name.
    package var users: [String: Entry] = [:]
    /// SHA-256 hashes and rights.
    package var tokens: [(name: String, entry: Entry)] = []

    package struct Entry: Sendable, Equatable {
        package var hash: [UInt8]
        package var rights: Set<WebRight>
        /// Tasks that a token may submit by HTTP; empty for any other token, and for users.
        package var submissions: [SubmissionPattern] = []
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.users == right.users && left.tokens.count == right.tokens.count
            && zip(left.tokens, right.tokens).allSatisfy { $0.name == $1.name && $0.entry == $1.entry }
    }

    /// Bytes of the largest file.
    private static let largest = 1 << 20

    /// Reads a file. Blocks.
    ///
    /// - Throws: `WebError.file` for a file that cannot be read or that others can read or write, and for a line that is none.
    package init(file path: String) throws(WebError) {
        func fail(_ reason: String, hint: String? = nil) -> WebError {
            WebError(.file, "cannot use the credentials file \(path): \(reason)", hint: hint)
        }
        let bytes: [UInt8]
        do throws(TrustedFile.Refusal) {
            bytes = try TrustedFile(path, isSecret: true).read(limit: Self.largest)
        } catch {
            throw fail(error.reason, hint: error.hint)
        }
        do throws(Mistake) {
            try self.init(text: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw fail("line \(error.line): \(error.reason)")
        }
    }

    /// What is wrong with a line. Never has any of its text, which may be a password.
    package struct Mistake: Error, Equatable {
        package var line: Int
        package var reason: String
    }

    package init(text: String) throws(Mistake) {
        // A line may end with CR and LF, which is one character in Swift.
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            if line.isEmpty || line.hasPrefix("#") { continue }
            func fail(_ reason: String) -> Mistake { Mistake(line: index + 1, reason: reason) }
            let parts = line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard (2...3).contains(parts.count) else { throw fail("it is not NAME:HASH or NAME:HASH:RIGHT") }
            let isToken = parts[0].hasPrefix("@")
            let name = isToken ? String(parts[0].dropFirst()) : parts[0]
            guard (1...100).contains(name.utf8.count), name.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw fail("a name has 1 to 100 characters, without spaces")
            }
            let (rights, submissions) = try Self.rights(parts.count == 3 ? parts[2] : "read", isToken: isToken, fail)
            guard users[name] == nil, !tokens.contains(where: { $0.name == name }) else { throw fail("the name is there already") }
            if isToken {
                guard let hash = Hexadecimal.bytes(parts[1]), hash.count == 32 else {
                    throw fail("the hash of a token is a SHA-256, 64 hexadecimal digits in lower case")
                }
                tokens.append((name, Entry(hash: hash, rights: rights, submissions: submissions)))
            } else {
                // Without a method it would be the DES of old, which a machine guesses in a day.
                guard parts[1].hasPrefix("$"), parts[1].utf8.count >= 20 else {
                    throw fail("the hash is none of crypt(3) that begins with $")
                }
                users[name] = Entry(hash: Array(parts[1].utf8), rights: rights)
            }
        }
    }

    /// Reads the third part of a line.
    private static func rights(
        _ text: String, isToken: Bool, _ fail: (String) -> Mistake
    ) throws(Mistake) -> (Set<WebRight>, [SubmissionPattern]) {
        if let right = WebRight(rawValue: text) { return (right == .act ? [.read, .act] : [.read], []) }
        let key = "apply="
        guard text.hasPrefix(key) else { throw fail("the right is neither read nor act nor apply=PATTERN") }
        guard isToken else { throw fail("only a token can have the right to apply") }
        var patterns: [SubmissionPattern] = []
        for word in text.dropFirst(key.count).split(separator: ",", omittingEmptySubsequences: false) {
            guard let pattern = SubmissionPattern(String(word)) else {
                throw fail("apply= takes names of tasks, with * for any text and commas between them, and none of celery.*")
            }
            patterns.append(pattern)
        }
        return ([], patterns)
    }

    /// Whether a token may submit tasks.
    package var hasSubmitters: Bool { tokens.contains { !$0.entry.submissions.isEmpty } }

    /// The token's owner. Takes the same time whichever token it is.
    func owner(ofToken token: String) -> WebIdentity? {
        let hash = SHA256.hash(token.utf8)
        var found: WebIdentity?
        for (name, entry) in tokens where HMAC.isEqual(entry.hash, hash) {
            let submission = entry.submissions.isEmpty ? nil : SubmissionRight(patterns: entry.submissions, secret: entry.hash)
            found = WebIdentity(name, entry.rights, isBearer: true, submission: submission)
        }
        return found
    }
}
