/** The words that most of the passwords in published leaks are made of, and the words of this site. */
const words = `
password passwort passwd pass passw passcode contrasena motdepasse senha parola heslo haslo wachtwoord admin administrator root
user username guest test testing tester default changeme change secret login logon signin signup welcome bienvenue willkommen
letmein access enter open master system server network internet computer windows linux google facebook instagram twitter youtube
amazon apple samsung nokia microsoft android iphone yahoo gmail hotmail outlook myspace linkedin netflix spotify tiktok whatsapp
qwerty qwertz azerty qwert asdf asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx abc abcd abcde abcdef abcdefg abcdefgh xyz
iloveyou loveyou love lover lovely loveme iloveu mylove babygirl babyboy baby sweet sweetie sweetheart honey darling angel angels
princess prince queen king kingkong lord lady master mistress boss chief legend hero champion winner killer hunter soldier warrior
ninja samurai viking pirate wizard magic merlin gandalf dragon dragons tiger tigers lion lions eagle eagles falcon hawk wolf wolves
bear bears panther cougar jaguar monkey gorilla horse pony unicorn butterfly ladybug spider snake shark dolphin dolphins whale fish
bird birds chicken duck turtle rabbit bunny kitty kitten cat cats dog dogs doggy puppy pussy buster buddy lucky max rocky shadow
bailey bandit bella charlie chester coco cookie daisy duke ginger harley jack jake jasper lucy maggie molly mickey minnie oliver
oreo pepper princess rex rusty sadie sam sammy sasha scooter smokey snoopy sophie sparky tigger toby winston zeus
michael jordan jessica ashley michelle daniel andrew joshua matthew jennifer robert thomas anthony william amanda nicole melissa
elizabeth heather hannah samantha stephanie alexander alexandra alex christian christopher chris david james john joseph justin
brandon brian kevin nicholas patrick richard ryan steven tyler victoria vanessa veronica natasha nathan martin maria marina mario
marcus mark laura lauren kimberly katherine karen julia jonathan george gabriel frank eric diana dennis danielle claudia carlos
carolina barbara austin anna andrea andreas angela angelina alice albert adam aaron maxwell peter paul simon stefan susanne sarah
sandra sabrina rachel rebecca raphael pamela oscar olivia monica miguel megan marie luis louis linda leonardo jasmine isabella
football soccer baseball basketball hockey tennis golf golfer rugby cricket volleyball swimming running boxing wrestling skate
skater skateboard snowboard surfer surfing fishing hunting racing nascar ferrari porsche mercedes lamborghini mustang corvette
camaro chevy chevrolet ford honda toyota yamaha suzuki kawasaki harley ducati bmw audi volkswagen nissan jeep
arsenal liverpool chelsea barcelona realmadrid juventus milan inter manchester united everton celtic rangers benfica flamengo
yankees lakers cowboys steelers packers raiders broncos patriots redsox dodgers giants
superman batman spiderman ironman wolverine hulk avengers starwars startrek skywalker vader yoda jedi matrix terminator
pokemon pikachu charizard naruto sasuke goku dragonball minecraft fortnite roblox warcraft counterstrike callofduty halo
nintendo playstation xbox zelda mario sonic sega tetris simpsons scooby garfield snoopy hellokitty mickeymouse disney harrypotter
hogwarts dumbledore hermione frodo tolkien
sunshine sunflower sunny summer winter spring autumn january february march april may june july august september october november
december monday tuesday wednesday thursday friday saturday sunday holiday christmas easter halloween birthday
flower flowers rose roses lily daisy orchid garden forest mountain river ocean beach island paradise heaven hell devil demon
satan jesus christ jesuschrist god godisgood church faith hope blessed blessing grace trinity freedom liberty peace justice
america american england english london paris france french germany german berlin italia italy roma spain espana madrid mexico
brasil brazil canada toronto chicago newyork texas dallas california florida miami boston hollywood vegas india pakistan china
japan tokyo korea russia moscow poland turkey istanbul africa australia sydney europe
red blue green yellow orange purple pink black white silver gold golden diamond crystal platinum rainbow star stars starlight
moon moonlight sun sky heaven lightning thunder storm fire firefly phoenix ice iceman snow snowball snowman water
chocolate cookie cookies cheese cheeseburger hamburger pizza banana apple apples orange cherry strawberry peaches pumpkin
sugar candy icecream pepsi cocacola coffee whiskey tequila vodka beer budweiser guinness heineken bacon butter peanut potato
money dollar dollars cash rich million millionaire bitcoin crypto business work office company manager service support
school student college university teacher doctor nurse police fireman army navy marine marines military airforce trooper
music guitar piano drummer rockstar rock metal metallica slipknot nirvana eminem beatles queen acdc madonna beyonce rihanna
spongebob barbie hello goodbye whatever nothing something anything everything forever always never again together trust trustno
secret mystery hidden private personal security secure safe safety protect
sexy sex sexual porn fuck fucker fuckyou fuckoff bitch asshole shit bullshit damn hot hottie naughty playboy playgirl
gangster gangsta thug pimp player playa hustler outlaw rebel bandit joker ghost zombie vampire twilight
cool coolness awesome amazing great best super superstar perfect beautiful pretty gorgeous crazy stupid idiot loser fool funny happy
smile smiley friend friends friendship bestfriend family mother father mommy daddy sister brother boyfriend girlfriend husband wife
family forever mylife life live laugh
pairwise pair pairs sneaker sneakers sneakerhead kicks shoe shoes exchange marketplace stockx nike adidas jordans airjordan yeezy
dunk newbalance puma reebok converse vans asics buyer seller authenticator bid bids ask asks
the one two three you me my i and is it in on to from for with not no yes
`;

export const commonWords: ReadonlySet<string> = new Set(words.split(/\s+/).filter((word) => word !== ''));
