// SPDX-License-Identifier: Apache-2.0

/// Elements in memory of their own, which are looked at without counting a reference to anything.
///
/// Each look at an element of an array counts the array's buffer up and down, unless the optimizer can prove that nobody
/// changes it meanwhile; in the interpreter of an expression it cannot, and that was half of the time of a filter.
///
/// It is safe to send. The memory is written by the initializer alone, before anyone else can know of it; no member
/// writes it or gives its address away for writing; the elements are plain values without references. It is freed by
/// `deinit`, which runs once because the table cannot be copied, and not while somebody borrows it. A ``View`` is only
/// used while the owner of the table is kept alive.
struct ConstantTable<Element: BitwiseCopyable & Sendable>: ~Copyable, @unchecked Sendable {
    private let elements: UnsafeBufferPointer<Element>

    init(_ elements: [Element]) {
        let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
        _ = memory.initialize(from: elements)
        self.elements = UnsafeBufferPointer(memory)
    }

    deinit { elements.deallocate() }

    var count: Int { elements.count }

    subscript(index: Int) -> Element { view[index] }

    /// The elements without their owner, which whoever uses them keeps alive.
    var view: View { View(elements: elements) }

    /// Where the elements are; for a table that is not empty.
    var start: UnsafePointer<Element> {
        guard let start = elements.baseAddress, !elements.isEmpty else { preconditionFailure("the table is empty") }
        return start
    }

    /// What a ``ConstantTable`` holds, as a value that costs nothing to copy.
    ///
    /// It is safe to send as the table is, whose memory it refers to.
    struct View: BitwiseCopyable, @unchecked Sendable {
        fileprivate let elements: UnsafeBufferPointer<Element>

        @inline(__always)
        subscript(index: Int) -> Element {
            // The access by a pointer is not checked in release.
            precondition(index >= 0 && index < elements.count, "the index is outside of the table")
            return elements[index]
        }

        @inline(__always)
        subscript(index: Int32) -> Element { self[Int(index)] }
    }
}

/// A few elements in a row.
struct TableRange: BitwiseCopyable, Sendable {
    var start: Int32
    var end: Int32

    init(_ range: Range<Int>) { (start, end) = (Int32(range.lowerBound), Int32(range.upperBound)) }

    @inline(__always) var indices: Range<Int32> { Range(uncheckedBounds: (start, end)) }
    var isEmpty: Bool { start == end }
}

extension ConstantTable<UInt8>.View {
    /// The bytes of a range.
    @inline(__always)
    func bytes(_ range: TableRange) -> UnsafeRawBufferPointer {
        precondition(range.start >= 0 && range.start <= range.end && Int(range.end) <= elements.count)
        return UnsafeRawBufferPointer(
            start: UnsafeRawPointer(elements.baseAddress)?.advanced(by: Int(range.start)),
            count: Int(range.end &- range.start)
        )
    }
}

extension Array {
    /// Appends elements and gives their place.
    mutating func add(_ elements: some Sequence<Element>) -> TableRange {
        let start = count
        append(contentsOf: elements)
        return TableRange(start..<count)
    }
}
