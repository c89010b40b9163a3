-- From the HTML page to a document: what pandoc drops or cannot know.
-- Pictures keep their alternative text in typst; findings, notes and the list of contents get their own look.

local function quoted(text)
  return '"' .. text:gsub('\\', '\\\\'):gsub('"', '\\"') .. '"'
end

function Image(image)
  if image.src == "logo.png" then
    if FORMAT == "typst" then
      return pandoc.RawInline("typst", "#image(" .. quoted(image.src) .. ", height: 1.6cm, alt: " .. quoted(pandoc.utils.stringify(image.caption)) .. ")")
    end
    image.attributes.height = "1.6cm"
    return image
  end
  if FORMAT == "typst" then
    local alt = pandoc.utils.stringify(image.caption)
    return pandoc.RawInline("typst", "#image(" .. quoted(image.src) .. ", width: 100%, alt: " .. quoted(alt) .. ")")
  end
  image.attributes.width = "100%"
  return image
end

function Div(div)
  if div.identifier == "contents" and FORMAT == "typst" then
    return pandoc.RawBlock("typst", "#outline(title: none, target: heading.where(level: 2))")
  end
  if div.identifier == "contents" then -- Word shows a list of links; one with page numbers is empty until somebody updates it
    return div.content
  end
  for _, name in ipairs({ "finding", "note", "byline" }) do
    if div.classes:includes(name) then
      if FORMAT == "typst" then
        local blocks = pandoc.List({ pandoc.RawBlock("typst", "#" .. name .. "[") })
        blocks:extend(div.content)
        blocks:insert(pandoc.RawBlock("typst", "]"))
        return blocks
      end
      div.attributes["custom-style"] = name:gsub("^%l", string.upper)
      return div
    end
  end
  if FORMAT == "typst" then
    return div.content -- a block around a whole section would keep it from flowing over pages
  end
  return div
end

-- A cell that begins with "4. " is a text, and no list of its own.
function Plain(block)
  local first = block.content[1]
  if FORMAT == "typst" and first and first.t == "Str" and first.text:match("^%d+%.$") then
    block.content[1] = pandoc.RawInline("typst", (first.text:gsub("%.", "\\.")))
    return block
  end
end

function Header(header)
  if FORMAT == "docx" and header.level == 1 then
    return {} -- Word files begin with the title itself
  end
end

local PAGE, LONGEST, ROOM = 76, 38, 3 -- characters in a line of a table, the most a column asks for, and its margins

local function measured(cell) -- the longest word, which must not break, and how much more the cell would like
  local text = pandoc.utils.stringify(cell.contents)
  local word = 0
  for part in text:gmatch("%S+") do
    word = math.max(word, utf8.len(part) or #part)
  end
  return word + ROOM, math.max(word, math.min(utf8.len(text) or #text, LONGEST)) + ROOM
end

-- Word would give every column the same width and break words: columns are as wide as what they hold.
function Table(grid)
  if FORMAT ~= "docx" then
    return nil
  end
  local least, wanted = {}, {}
  local function measure(rows)
    for _, row in ipairs(rows) do
      for i, cell in ipairs(row.cells) do
        local word, all = measured(cell)
        least[i] = math.max(least[i] or 0, word)
        wanted[i] = math.max(wanted[i] or 0, all)
      end
    end
  end
  measure(grid.head.rows)
  for _, body in ipairs(grid.bodies) do
    measure(body.body)
  end
  local floor, more = 0, 0
  for i, word in ipairs(least) do
    floor, more = floor + word, more + wanted[i] - word
  end
  local given = more > 0 and math.min(1, math.max(0, (PAGE - floor) / more)) or 0
  local specs = grid.colspecs
  for i, spec in ipairs(specs) do
    local word = least[i] or ROOM
    specs[i] = { spec[1], (word + given * ((wanted[i] or word) - word)) / math.max(floor, PAGE) }
  end
  grid.colspecs = specs
  return grid
end
